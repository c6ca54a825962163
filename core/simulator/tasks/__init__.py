"""Here lives what simulated models write: replies to the example tasks with planted mistakes, and to any other prompt.
May use core.simulator.chance.
Never sees a criterion of the task at hand: like a real model it is given the prompt and nothing else.
Owned and closed by nobody: pure functions.
Tests in tests/core/simulator/tasks.
"""
