"""The offline model: a script that stands in for a language model in the playground, and says so in every answer.

Switched on by `EmulatedOpenAI(clock, models=offline_models())` and `openai.default = offline`.
"""

from bot.playground.model.offline import MODEL as MODEL
from bot.playground.model.offline import offline as offline
from bot.playground.model.offline import offline_models as offline_models
from bot.playground.model.reply import Pace as Pace
