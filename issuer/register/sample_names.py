"""Parts of invented names: frequent surnames, given names by decade, and names of other traditions."""

from __future__ import annotations

import random
from typing import Final

from issuer.register.names import SEPARATOR

_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_SURNAME_WEIGHTS: Final = tuple(1 / (rank + 6) for rank in range(len(_SURNAMES)))
"""Frequency falls with the rank, slowly at first."""

_COMPOUND_SURNAMES: Final = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "夏侯",
    "司徒",
)

_GIVEN: Final[tuple[tuple[int, str, str], ...]] = (
    (1950, "德福贵财根生祥寿", "秀英兰桂珍凤莲梅"),
    (1970, "建国强军卫红志明华", "丽华玉芳敏秀云红"),
    (1990, "伟勇涛磊鹏杰波斌超", "静艳娟燕霞婷莉丹"),
    (2005, "浩宇鑫博文俊轩辰阳", "欣怡雨晴佳慧思雅琪"),
    (9999, "子沐奕铭宸睿泽霖熙", "梓涵若汐语桐诗妍萱"),
)
"""Births before this year; men's and women's characters."""

_PARTS: Final = (
    "买买提", "吐尔逊", "阿不都热合曼", "艾合买提", "古丽", "阿依努尔", "热依汗", "帕提古丽", "努尔兰", "叶尔波力", "巴哈尔古丽", "库尔班",
    "卓玛", "扎西", "次仁", "多吉", "才让", "达娃", "乌兰", "巴图尔", "其木格", "哈斯",
)  # fmt: skip
_RARE: Final = "㛃䶮𠅤𬱖𬀩𫖯𬍛㙦䴗𠙶𡋾𬭼𭕄𮥶"
_LATIN_SURNAMES: Final = ("SAMPLE", "SPECIMEN", "MUSTERMANN", "ESEMPIO", "EXEMPLE", "MUESTRA", "VOORBEELD", "PRZYKLAD")
_LATIN_GIVEN: Final = ("ALEXANDRA", "BENEDIKT", "CAROLINE", "DOMINIQUE", "EMANUELE", "FRANCISZKA", "GWENDOLYN", "HIERONYMUS", "ISABELLA", "JEAN-PIERRE")  # fmt: skip


def han_name(rng: random.Random, *, sex: int, birth_year: int) -> str:
    """A surname by frequency and one or two characters in the fashion of the birth year."""
    compound = rng.random() < 0.02
    surname = rng.choice(_COMPOUND_SURNAMES) if compound else rng.choices(_SURNAMES, _SURNAME_WEIGHTS)[0]
    return surname + _given(rng, sex, birth_year, rng.choice((1, 2, 2, 2)))


def rare_name(rng: random.Random, *, sex: int, birth_year: int) -> str:
    """A name with a character of CJK Extension A to F."""
    return rng.choice(_SURNAMES) + rng.choice(_RARE) + _given(rng, sex, birth_year, rng.randrange(2))


def separated_name(rng: random.Random) -> str:
    """A name of two to five parts with separators, 25 characters at most."""
    parts = [rng.choice(_PARTS) for _ in range(rng.choice((2, 2, 2, 3, 4, 5)))]
    while len(name := SEPARATOR.join(parts)) > 25:
        parts.pop()
    return name


def latin_name(rng: random.Random) -> str:
    """A Latin name of two to six words, 60 characters at most."""
    words = [rng.choice(_LATIN_SURNAMES)] + [rng.choice(_LATIN_GIVEN) for _ in range(rng.choice((1, 2, 3, 5)))]
    while len(name := " ".join(words)) > 60:
        words.pop()
    return name


def _given(rng: random.Random, sex: int, birth_year: int, length: int) -> str:
    men, women = next((men, women) for before, men, women in _GIVEN if birth_year < before)
    return "".join(rng.choice(women if sex == 2 else men) for _ in range(length))
