"""Patterns of what people ask the offline model for, in English and in Korean."""

import re


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE | re.DOTALL)


HELP = _pattern(
    r"what (all )?(can|do|could) you do",
    r"^\W*help\W*$",
    r"how (can|do) (you help|i use you)",
    r"도움말",
    r"(뭘|무엇을|뭐|무슨 일을).{0,4}할 수 있",
)
WHO = _pattern(r"\b(who|what) are you\b", r"\byour name\b", r"(너는?|넌|당신은) 누구", r"네 이름")
HELLO = _pattern(r"^\W*(hi|hello|hey|good (morning|afternoon|evening)|안녕|반가)")
THANKS = _pattern(r"^\W*(thanks|thank you|thx|cheers|고마|감사)")
FIRST = _pattern(
    r"what (did|have) i (first )?(say|ask|write|said|asked)\b.*\bfirst", r"처음에?.{0,8}(뭐|무엇|무슨)"
)
BEFORE = _pattern(
    r"what (did|have) i (just |last )?(say|ask|write|said|asked)\b", r"(방금|아까|전에).{0,8}(뭐|무엇|무슨)"
)
MY_NAME = _pattern(r"what('s| is) my name", r"who am i\b", r"(내|제) 이름이? ?(뭐|무엇|뭔)")
NAMED = _pattern(
    r"\b(?:my name is|my name's|call me) (?P<en>[^\W\d_][\w'’-]*(?: [A-Z][\w'’-]*)?)",
    r"(?:내|제) 이름은 (?P<ko>[^\s.,!?]+?)(?:이라고|라고|입니다|이에요|예요|이야|야|요)?(?:[\s.,!?]|$)",
)
REMEMBER = _pattern(r"^\W*(please )?(remember|note)\b", r"기억해")
THREAD = _pattern(
    r"(summari[sz]e|recap|sum up)\b.*\b(thread|conversation|discussion|said|so far|channel)\b",
    r"^\W*(recap|tl;?dr)\W*$",
    r"(여기까지|스레드|대화|지금까지).{0,12}(요약|정리)",
)
DRAFT = _pattern(r"^\W*draft\b.*\b(reply|answer|response)\b", r"답장.*(초안|써)")
OVERVIEW = _pattern(
    r"\b(summari[sz]e|summary|overview|recap|tl;?dr)\b",
    r"what('s| is| does)\b.*\b(in|about|say)\b\W*((it|this|that|the|these)\b\W*)?"
    r"(files?|documents?|table|text|\S+\.\w{2,4})?\W*$",
    r"what does (it|this|the (file|document)|\S+\.\w{2,4}) (say|contain)\W*$",
    r"요약",
    r"(무슨|어떤) (내용|파일|문서)",
)

CSV = _pattern(
    r"\b(make|create|export|write|give|produce|generate|save)\b.*\b(csv|spreadsheet)\b",
    r"(csv|표 파일).{0,12}만들",
)
CHART = _pattern(
    r"\b(make|create|draw|plot|show|give|produce|generate)\b.*\b(chart|graph|plot|diagram)\b",
    r"^\W*(chart|plot|graph)\b",
    r"(차트|그래프|도표).{0,12}(만들|그려|보여)",
)
PICTURE = _pattern(
    r"\b(draw|paint|make|create|generate|show)\b.*\b(image|picture|drawing|photo)\b(?: of (?P<en>.+))?",
    r"^\W*(please )?(draw|paint) (?P<it>.+)",
    r"(?P<ko>.*?)\s*(그림|이미지|사진).{0,8}(그려|만들)",
)
WEB = _pattern(r"\b(search|look up|google|find)\b.*\b(the web|online|the internet|google)\b", r"(웹|인터넷)에서")

WORDS = _pattern(r"\b(\d{1,4}) words\b")
SECTIONS = _pattern(r"\b(\d{1,2}) (?:sections|chapters)\b", r"(\d{1,2})(?:장|절)")
VERY_LONG = _pattern(r"\b(very|really|extremely) long\b", r"(아주|매우|무척) 긴")
LONG = _pattern(
    r"\b(write|give|show|make|draft)\b.*\b(long|report|essay|article|guide|document|markdown)\b",
    r"^\W*(a )?(very )?long (report|answer|text)",
    r"(긴 (글|답|보고서)|보고서|마크다운|길게).*(써|작성|보여|줘)",
)
TABLE = _pattern(
    r"\b(show|write|give|make|draw)\b.{0,16}\btable\b", r"^표.*(보여|만들|써|그려)", r" 표.*(보여|만들|써|그려)"
)
CODE = _pattern(
    r"\b(show|write|give)\b.{0,16}\b(code|function|program)\b", r"(코드|함수|프로그램).*(보여|써|작성|짜)"
)
TOPIC = _pattern(r"\b(?:about|on) (?P<en>[^.?!\n]{2,60})", r"(?P<ko>[^.?!\n]{1,40}?)(?:에 대한|에 대해|에 관한)")

SLOWLY = _pattern(
    r"\b(?:please )?(?:answer|reply|write|go|say|tell me|be|type|speak|respond)\b[^.:\n]{0,16}\bslow(?:ly)?\b\W*",
    r"^\W*slow(?:ly)?\b\W*",
    r"천천히 ?(?:대답해 ?줘|말해 ?줘|써 ?줘|답해 ?줘)?\W*",
)
FAIL = _pattern(
    r"^\W*(please |now |then )*(fail|crash)\b", r"\bfail (half|in the middle|mid|on purpose)", r"실패해"
)
DROP = _pattern(r"\b(drop|break|cut|reset|lose) (the |your )?connection\b", r"연결을? 끊")
STALL = _pattern(r"^\W*(please |now |then )*(stall|hang|freeze)\b", r"\bgo silent\b", r"멈춰 ?있")
ENDLESS = _pattern(
    r"\b(never|don't|do not) (end|stop|finish)\b",
    r"\b(endless|forever|without end)\b",
    r"(끝나지 않|영원히|무한히|끝없이)",
)

WORKS = {
    "average": _pattern(r"\b(average|the mean|mean of)\b", r"평균"),
    "median": _pattern(r"\bmedian\b", r"중앙값|중간값"),
    "sum": _pattern(r"\b(sums?|totals?|add up)\b", r"합계|총합|합은|합을|더하면|총액"),
    "smallest": _pattern(r"\b(min|minimum|smallest|lowest|least)\b", r"최솟값|최소|가장 (작|적|낮)"),
    "largest": _pattern(r"\b(max|maximum|largest|biggest|highest|most)\b", r"최댓값|최대|가장 (크|큰|많|높)"),
    "count": _pattern(r"\bhow many (rows|lines|entries)\b", r"몇 (행|줄)"),
}
"""What is worked out of a column, by the words that ask for it."""
