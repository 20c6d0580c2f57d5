"""The course: content files, read strictly and once into frozen values."""

from bot.course.model import Chapter, Course, Quiz, RunBlock, Scene, Step, StepText
from bot.course.reader import read_course

__all__ = ["Chapter", "Course", "Quiz", "RunBlock", "Scene", "Step", "StepText", "read_course"]
