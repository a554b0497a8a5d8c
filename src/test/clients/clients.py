"""OpenAI's client for Python, used as its documentation shows, against a server that scripts/clients has started.

python clients.py URL TOKEN
"""

import asyncio
import json
import sys
import traceback
from enum import Enum

import openai
from pydantic import BaseModel, Field

URL, TOKEN = sys.argv[1:3]
MODEL = "perdure"
QUESTION = "What is 7 plus 5?"
MESSAGES = [{"role": "user", "content": QUESTION}]
STORY = [{"role": "user", "content": "Tell me a story."}]

client = openai.OpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0, timeout=60)
stranger = openai.OpenAI(base_url=URL + "/v1", api_key="guess", max_retries=0, timeout=60)
failures = 0


class Size(str, Enum):
    small = "small"
    large = "large"


class Part(BaseModel):
    length: float = Field(ge=0, le=1)
    parts: list["Part"]


class Fruit(BaseModel):
    name: str
    size: Size
    ripe: bool | None
    core: Part


def check(test):
    global failures
    try:
        test()
        print("ok    python openai:", test.__doc__)
    except Exception:  # every failure is told, and the others still run
        failures += 1
        print("FAIL  python openai:", test.__doc__)
        traceback.print_exc(file=sys.stdout)
    sys.stdout.flush()


def failing(kind, call):
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"answered {answer}")


def create(**fields):
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "temperature": 0, **fields})


@check
def models():
    """lists and retrieves the model"""
    names = [model.id for model in client.models.list()]
    assert names[0] == MODEL
    assert [client.models.retrieve(name).id for name in names] == names  # also checkpoints
    failing(openai.NotFoundError, lambda: client.models.retrieve("gpt-none"))


@check
def chat():
    """chats, whole and in a stream, and says the same"""
    whole = create()
    choice = whole.choices[0]
    assert choice.message.content and choice.finish_reason == "stop", choice
    assert whole.usage.prompt_tokens + whole.usage.completion_tokens == whole.usage.total_tokens
    chunks = list(create(stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == choice.message.content
    assert chunks[-1].usage == whole.usage and len({chunk.id for chunk in chunks}) == 1
    again = create(messages=MESSAGES + [choice.message] + MESSAGES)
    assert again.choices[0].message.content
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES, temperature=0) as stream:
        stream.until_done()
        assert stream.get_final_completion().choices[0].message.content == choice.message.content


@check
def choices():
    """n choices, whole and in a stream"""
    whole = create(n=2, temperature=1, seed=3, max_tokens=12)
    assert [choice.index for choice in whole.choices] == [0, 1]
    texts = ["", ""]
    for chunk in create(n=2, temperature=1, seed=3, max_tokens=12, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == [choice.message.content for choice in whole.choices]


@check
def log_probabilities():
    """log probabilities of the tokens, also in a stream"""
    choice = create(logprobs=True, top_logprobs=2).choices[0]
    tokens = choice.logprobs.content
    assert bytes(byte for token in tokens for byte in token.bytes).decode() == choice.message.content
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)
    streamed = [
        token
        for chunk in create(logprobs=True, top_logprobs=2, stream=True)
        if chunk.choices and chunk.choices[0].logprobs
        for token in chunk.choices[0].logprobs.content
    ]
    assert [token.token for token in streamed] == [token.token for token in tokens]


@check
def schema():
    """a schema, and any JSON object"""
    for seed in range(5):
        parsed = client.chat.completions.parse(
            model=MODEL, messages=MESSAGES, response_format=Fruit, temperature=1.5, seed=seed)
        assert isinstance(parsed.choices[0].message.parsed, Fruit), parsed
        assert parsed.choices[0].finish_reason == "stop"
        free = create(response_format={"type": "json_object"}, temperature=2, seed=seed, max_tokens=seed + 2)
        assert isinstance(json.loads(free.choices[0].message.content), dict), free
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES, response_format=Fruit) as stream:
        stream.until_done()
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Fruit)


@check
def responses():
    """responses, whole, in a stream and with a schema"""
    whole = client.responses.create(model=MODEL, input=QUESTION, temperature=0)
    assert whole.output_text == create().choices[0].message.content and whole.status == "completed"
    events = list(client.responses.create(model=MODEL, input=QUESTION, temperature=0, stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert events[0].type == "response.created" and events[-1].type == "response.completed", events
    assert [event.sequence_number for event in events] == list(range(len(events)))
    with client.responses.stream(model=MODEL, input=QUESTION, temperature=0) as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == whole.output_text
    assert isinstance(client.responses.parse(model=MODEL, input=QUESTION, text_format=Fruit).output_parsed, Fruit)


@check
def completions():
    """carries a text on"""
    assert client.completions.create(model=MODEL, prompt="The capital", max_tokens=5).usage.completion_tokens <= 5


@check
def errors():
    """its own errors"""
    assert failing(openai.BadRequestError, lambda: create(temperature="hot")).param == "temperature"
    assert failing(openai.BadRequestError, lambda: create(extra_body={"temprature": 1})).param == "temprature"
    long = [{"role": "user", "content": "Hello there. " * 500}]
    assert failing(openai.BadRequestError, lambda: create(messages=long)).code == "context_length_exceeded"
    assert failing(openai.NotFoundError, lambda: create(model="gpt-none")).code == "model_not_found"
    failing(openai.NotFoundError, lambda: client.embeddings.create(model=MODEL, input="Hello"))
    failing(openai.AuthenticationError, lambda: stranger.chat.completions.create(model=MODEL, messages=MESSAGES))
    failing(openai.AuthenticationError, lambda: stranger.models.list())
    failing(openai.AuthenticationError, lambda: stranger.responses.create(model=MODEL, input=QUESTION))
    too_large = [{"role": "user", "content": "x" * 2_000_000}]
    assert failing(openai.APIStatusError, lambda: create(messages=too_large)).status_code == 413


@check
def abort():
    """answers that are not wanted any more make way for the next"""
    for _ in range(20):  # more than may wait
        with create(messages=STORY, stream=True, n=8, temperature=2) as stream:
            next(iter(stream))
    assert create().choices[0].message.content


@check
def asynchronous():
    """eight at once"""

    async def ask():
        async with openai.AsyncOpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0, timeout=60) as many:
            questions = [
                many.chat.completions.create(model=MODEL, messages=MESSAGES, temperature=0) for _ in range(8)
            ]
            return await asyncio.gather(*questions)

    assert len({answer.choices[0].message.content for answer in asyncio.run(ask())}) == 1


print("The client for Python is served." if failures == 0 else f"{failures} checks failed.")
sys.exit(failures != 0)
