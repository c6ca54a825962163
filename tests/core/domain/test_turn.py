"""A turn gives the history its prompt and the reply that was chosen."""

from core.domain.chat import Message
from core.domain.turn import Turn
from tests.builders import a_task


def test_a_turn_adds_its_prompt_and_the_chosen_reply_to_the_history():
    turn = Turn(number=1, task=a_task(prompt="Name a gas."), hunt_id="r_one.2", response="Argon.")
    assert turn.messages == (Message(role="user", content="Name a gas."), Message(role="assistant", content="Argon."))
