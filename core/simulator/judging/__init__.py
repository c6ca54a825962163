"""Here lives the simulated judge: reading its question, looking at the reply, answering in every form there is.
May use core.simulator.checks, .tasks, .chance and .role; core.domain.chat.
Never reads the reply as anything but data, and never asks what was planted in it.
Owned and closed by nobody: pure functions.
Tests in tests/core/simulator/judging.
"""
