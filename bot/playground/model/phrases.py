"""The sentences of the offline model, in English and in Korean."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Every fixed sentence in one language."""

    label: str
    hello: str
    help: str
    thanks: str
    by_rule: str  # a thought: nothing was looked up
    remembered: str  # a thought
    first: str
    nothing_first: str
    before: str
    nothing_before: str
    your_name: str
    slack_name: str
    no_name: str
    pleased: str
    noted: str
    thread: str
    empty_thread: str
    draft: str
    searched: str  # a thought
    says: str
    also: str
    begins: str
    read: str  # a thought
    nothing_found: str
    ran: str  # a thought
    total: str
    of_column: str
    by_group: str
    per_column: str
    no_numbers: str
    table_of: str
    works: dict[str, str]
    no_code: str
    sample: str
    made_csv: str
    made_chart: str
    chart_key: str
    drew: str
    drew_by_code: str
    cannot_draw: str
    cannot_see: str
    no_web: str
    echo: str
    written: str  # a thought
    slowly: str
    failing: str
    dropping: str
    stalling: str
    counting: str
    on_purpose: str  # a thought
    trouble: str
    chose: str  # a thought
    needs: str
    came: str
    functions: str


EN = Phrases(
    label="Offline model (threadmate-offline): a script on this machine, not a language model",
    hello="Hello! I am the playground's **offline model**: a script, not a language model. Ask me what I can do, "
    "or drop a document into this thread and ask about it.",
    help="""\
I am the playground's **offline model**, a script that stands in for a language model. I understand little, but \
what I do is done for real:

- **Remember**: “My name is Ann”, “What is my name?”, “What did I say first?”, “Summarise this thread”
- **Documents**: drop a file into the thread, then “Summarise it”, or ask with words that are in it; I quote and \
cite the passages
- **Calculate**: “What is 17 × 23?”, “The average of 3, 5 and 10”; with a CSV file: “The sum of amount by region”
- **Make files**: “Make a CSV of apples 3, pears 5”, “Make a chart of sales by region”
- **Write**: “Write a long report about tea”, “Write 300 words”, “Show me a table”, “Show me some code”
- **Draw**: “Draw a picture of the sea” (it will be circles)
- **Call functions** of your own: start the playground with `--assistants FILE`
- **Misbehave**: “Answer slowly: …”, “Please fail”, “Drop the connection”, “Stall”, “Never end” (then press Stop)

For real answers start the playground with `OPENAI_API_KEY` set.""",
    thanks="You are welcome!",
    by_rule="It matched the question against its list of phrases. Nothing was looked up.",
    remembered="It looked through what was said in this conversation.",
    first="First you said:\n\n> {text}",
    nothing_first="This is the first thing you have said to me.",
    before="Before that you said:\n\n> {text}",
    nothing_before="Nothing before that.",
    your_name="You told me: your name is **{name}**.",
    slack_name="Slack calls you **{name}**.",
    no_name="You have not told me your name yet.",
    pleased="Pleased to meet you, **{name}**. Ask me for your name later.",
    noted="I will remember that as long as this thread lasts: ask “What did I say before?”",
    thread="This is what was said here, oldest first:",
    empty_thread="Nothing was said here before.",
    draft="Thank you for your message. I will look into it and come back to you soon.",
    searched="It searched for words of the question and quotes the passages with the most of them. "
    "It does not understand them.",
    says="**{file}** says:",
    also="And in **{file}**:",
    begins="**{file}** begins like this; a script cannot put it in words of its own:",
    read="It read the files given with the message and quotes what has most words of the question.",
    nothing_found="I searched the files here and found no passage with those words. Try words that are in them, "
    "or “Summarise it”.",
    ran="It worked this out with the functions that the step of code shows.",
    total="{code} = **{value}**",
    of_column="The {what} of **{column}** is **{value}** ({rows} rows{source}).",
    by_group="The {what} of **{column}** by **{by}** ({rows} rows{source}):",
    per_column="These are the columns with numbers ({rows} rows{source}):",
    no_numbers="I found no numbers in “{column}”.",
    table_of="**{file}** has {rows} rows and these columns: {columns}. It begins like this:",
    works={
        "sum": "sum",
        "average": "average",
        "median": "median",
        "smallest": "smallest value",
        "largest": "largest value",
        "count": "count",
    },
    no_code="Running code is switched off here (`ASSISTANT_TOOLS=code_interpreter`), so I cannot make files.",
    sample="You gave me no figures, so these are **made up**.",
    made_csv="Here is `{file}`, with {rows} rows.",
    made_chart="Here is the chart, `{file}`.",
    chart_key="Its figures:",
    drew="Here is an image. I am a script: these circles come from the letters of “{words}”.",
    drew_by_code="Here is `{file}`, drawn by code. I am a script: these circles come from the letters of "
    "“{words}”.",
    cannot_draw="Making images is switched off here, and so is running code.",
    cannot_see="You gave me a picture, and a script cannot see.",
    no_web="I am offline: nothing was searched on the web.",
    echo="You said:\n\n> {text}\n\nI am a script and have no answer to that. Ask me what I can do.",
    written="It wrote this from a template.",
    slowly="I am answering slowly, one word after the other, so that you can watch the stream, press Stop, or "
    "write something else meanwhile and see it wait for its turn.",
    failing="I am going to fail in the middle of this answer, as you asked. What has been said until then stays, "
    "and there is a button to try it again. You will not read the words at the end of this sentence.",
    dropping="The connection to the API breaks in the middle of this answer, as you asked. The bot will notice, "
    "ask what became of it, and you should read this sentence to its very end: this is it.",
    stalling="From here on nothing will come, and the connection stays open, as you asked. Press Stop.",
    counting="I will count until you press Stop:",
    on_purpose="It was told to misbehave.",
    trouble="About your files: {sentence}",
    chose="It found a function's name in the question, and took the arguments from it by their types.",
    needs="For `{name}` I have to know {missing}. Ask again, and say it.",
    came="What came of `{name}`:",
    functions="I also call functions, when a question has the words of their names: {names}.",
)

KO = Phrases(
    label="오프라인 모델(threadmate-offline): 언어 모델이 아니라 이 컴퓨터에서 도는 스크립트입니다",
    hello="안녕하세요! 저는 플레이그라운드의 **오프라인 모델**입니다. 언어 모델이 아니라 스크립트예요. "
    "“뭘 할 수 있어?”라고 물어보시거나, 문서를 이 스레드에 올리고 질문해 보세요.",
    help="""\
저는 언어 모델을 대신하는 **오프라인 모델**, 곧 스크립트입니다. 이해하는 것은 적지만 하는 일은 진짜입니다:

- **기억**: “제 이름은 민준입니다”, “내 이름이 뭐야?”, “처음에 내가 뭐라고 했지?”, “여기까지 요약해 줘”
- **문서**: 파일을 올리고 “요약해 줘”라고 하거나, 문서에 있는 낱말로 물어보세요. 구절을 인용합니다
- **계산**: “17 곱하기 23은?”, “3, 5, 10의 평균”; CSV 파일이 있으면 “지역별 금액 합계”
- **파일 만들기**: “사과 3, 배 5로 CSV 만들어 줘”, “지역별 금액 차트 만들어 줘”
- **글쓰기**: “차에 대한 긴 보고서 써 줘”, “표 보여 줘”, “코드 보여 줘”
- **그림**: “바다 그림 그려 줘” (동그라미만 나옵니다)
- **함수 호출**: 플레이그라운드를 `--assistants FILE`로 시작하면 직접 만든 함수를 부릅니다
- **말썽**: “천천히 대답해 줘”, “실패해 줘”, “연결을 끊어 줘”, “멈춰 있어 줘”, “끝없이 세어 줘”(중지를 누르세요)

진짜 답을 원하시면 `OPENAI_API_KEY`를 설정하고 플레이그라운드를 시작하세요.""",
    thanks="천만에요!",
    by_rule="정해진 문구와 질문을 비교했습니다. 찾아본 것은 없습니다.",
    remembered="이 대화에서 나온 말을 살펴보았습니다.",
    first="처음에 이렇게 말씀하셨습니다:\n\n> {text}",
    nothing_first="이것이 저에게 처음 하신 말씀입니다.",
    before="그 전에 이렇게 말씀하셨습니다:\n\n> {text}",
    nothing_before="그 전에는 아무 말씀도 없었습니다.",
    your_name="성함은 **{name}**(이)라고 말씀하셨습니다.",
    slack_name="Slack에서는 **{name}**(이)라고 합니다.",
    no_name="아직 성함을 말씀하지 않으셨습니다.",
    pleased="반갑습니다, **{name}** 님. 나중에 이름을 물어보세요.",
    noted="이 스레드가 있는 동안 기억하겠습니다. “방금 뭐라고 했지?”라고 물어보세요.",
    thread="여기에서 나온 말을 오래된 순서로 적으면:",
    empty_thread="아직 아무 말도 없었습니다.",
    draft="메시지 감사합니다. 확인하고 곧 다시 연락드리겠습니다.",
    searched="질문의 낱말로 찾아, 그 낱말이 가장 많은 구절을 인용합니다. 뜻은 이해하지 못합니다.",
    says="**{file}**에 이렇게 적혀 있습니다:",
    also="**{file}**에는:",
    begins="**{file}**은(는) 이렇게 시작합니다. 스크립트라 제 말로 요약하지는 못합니다:",
    read="메시지와 함께 받은 파일을 읽고, 질문의 낱말이 가장 많은 곳을 인용합니다.",
    nothing_found="파일을 찾아보았지만 그 낱말이 있는 구절이 없습니다. 문서에 있는 낱말로 묻거나 "
    "“요약해 줘”라고 해 보세요.",
    ran="코드 단계에 보이는 함수로 계산했습니다.",
    total="{code} = **{value}**",
    of_column="**{column}**의 {what}: **{value}** ({rows}행{source}).",
    by_group="**{by}**별 **{column}**의 {what} ({rows}행{source}):",
    per_column="숫자가 있는 열입니다 ({rows}행{source}):",
    no_numbers="“{column}”에 숫자가 없습니다.",
    table_of="**{file}**은(는) {rows}행이고 열은 다음과 같습니다: {columns}. 이렇게 시작합니다:",
    works={
        "sum": "합계",
        "average": "평균",
        "median": "중앙값",
        "smallest": "최솟값",
        "largest": "최댓값",
        "count": "개수",
    },
    no_code="여기서는 코드 실행이 꺼져 있어(`ASSISTANT_TOOLS=code_interpreter`) 파일을 만들 수 없습니다.",
    sample="숫자를 주지 않으셔서 **지어낸** 숫자를 썼습니다.",
    made_csv="`{file}` 파일입니다. {rows}행입니다.",
    made_chart="차트 `{file}`입니다.",
    chart_key="차트의 수치:",
    drew="이미지입니다. 저는 스크립트라서, 이 동그라미들은 “{words}”의 글자에서 나왔습니다.",
    drew_by_code="코드로 그린 `{file}`입니다. 저는 스크립트라서, 이 동그라미들은 “{words}”의 글자에서 나왔습니다.",
    cannot_draw="여기서는 이미지 생성도 코드 실행도 꺼져 있습니다.",
    cannot_see="사진을 주셨지만 스크립트는 볼 수 없습니다.",
    no_web="오프라인이라 웹에서 찾아보지 않았습니다.",
    echo="이렇게 말씀하셨습니다:\n\n> {text}\n\n저는 스크립트라 답을 모릅니다. “뭘 할 수 있어?”라고 물어보세요.",
    written="틀에 따라 썼습니다.",
    slowly="한 낱말씩 천천히 대답하고 있습니다. 글이 나오는 것을 보시고, 중지를 누르시거나, "
    "그동안 다른 말을 써서 차례를 기다리는 것을 보세요.",
    failing="부탁하신 대로 이 답의 한가운데에서 실패하겠습니다. 그때까지 한 말은 남고, 다시 시도하는 버튼이 "
    "나옵니다. 이 문장의 끝에 있는 낱말은 읽지 못하실 것입니다.",
    dropping="부탁하신 대로 이 답의 한가운데에서 API 연결이 끊어집니다. 봇이 알아차리고 어떻게 되었는지 물어보아, "
    "이 문장을 끝까지 읽으실 수 있어야 합니다: 여기가 끝입니다.",
    stalling="부탁하신 대로 이제부터 아무것도 오지 않고 연결은 열려 있습니다. 중지를 누르세요.",
    counting="중지를 누르실 때까지 세겠습니다:",
    on_purpose="말썽을 부리라는 부탁을 받았습니다.",
    trouble="파일에 대해: {sentence}",
    chose="질문에서 함수 이름의 낱말을 찾고, 인수는 그 형에 맞게 질문에서 가져왔습니다.",
    needs="`{name}`에는 {missing} 값이 있어야 합니다. 그 값을 넣어 다시 물어보세요.",
    came="`{name}`의 결과:",
    functions="질문에 이름의 낱말이 있으면 함수도 부릅니다: {names}.",
)


def phrases(*, korean: bool) -> Phrases:
    """The sentences in the language to answer in."""
    return KO if korean else EN
