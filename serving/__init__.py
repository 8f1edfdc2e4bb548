"""The online half: HTTP in front, Redis behind, one bundle in memory, one decision between."""
