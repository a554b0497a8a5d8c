// Clients for Node: npm openai, ai with @ai-sdk/openai-compatible and @ai-sdk/openai, @langchain/openai. Each of them is
// used as its own documentation shows, against a server that scripts/clients has started.
//
// node clients.mjs URL TOKEN
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { APICallError, Output, generateObject, generateText, streamObject, streamText } from 'ai';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';

const [url, token] = process.argv.slice(2);
const baseURL = `${url}/v1`;
const model = 'perdure';
const question = 'What is 7 plus 5?';
const messages = [{ role: 'user', content: question }];
const story = [{ role: 'user', content: 'Tell me a story.' }];
// Whatever the model says, an answer has this form.
const Fruit = z.object({ name: z.string().max(20), size: z.enum(['small', 'large']), count: z.number().int(), ripe: z.boolean() });

let failures = 0;

async function check(name, run) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failures++;
    console.log(`FAIL  ${name}: ${error?.stack ?? error}`);
  }
}

async function failing(promise, type) {
  const error = await promise.then(value => assert.fail(`answered ${JSON.stringify(value)}`), reason => reason);
  assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
  return error;
}

// ---- npm openai

const openai = new OpenAI({ baseURL, apiKey: token, maxRetries: 0 });
const stranger = new OpenAI({ baseURL, apiKey: 'guess', maxRetries: 0 });
const create = fields => openai.chat.completions.create({ model, messages, temperature: 0, ...fields });

await check('openai: lists and retrieves the model', async () => {
  const names = (await openai.models.list()).data.map(each => each.id);
  assert.equal(names[0], model);
  for (const name of names) { // also checkpoints
    assert.equal((await openai.models.retrieve(name)).id, name);
  }
  await failing(openai.models.retrieve('gpt-none'), OpenAI.NotFoundError);
});

await check('openai: chats, whole and in a stream, and says the same', async () => {
  const whole = await create();
  const [choice] = whole.choices;
  assert.ok(choice.message.content.length > 0);
  assert.equal(choice.message.role, 'assistant');
  assert.equal(choice.finish_reason, 'stop');
  assert.equal(whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage.total_tokens);
  let text = '';
  let last;
  let usage;
  for await (const chunk of await create({ stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta?.content ?? '';
    last = chunk.choices[0]?.finish_reason ?? last;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, choice.message.content);
  assert.equal(last, 'stop');
  assert.deepEqual(usage, whole.usage);
  const helper = openai.chat.completions.stream({ model, messages, temperature: 0 });
  assert.equal(await helper.finalContent(), choice.message.content);
});

await check('openai: n choices, whole and in a stream', async () => {
  const whole = await create({ n: 3, temperature: 1, seed: 7, max_tokens: 12 });
  assert.deepEqual(whole.choices.map(choice => choice.index), [0, 1, 2]);
  const texts = ['', '', ''];
  for await (const chunk of await create({ n: 3, temperature: 1, seed: 7, max_tokens: 12, stream: true })) {
    for (const choice of chunk.choices) {
      texts[choice.index] += choice.delta.content ?? '';
    }
  }
  assert.deepEqual(texts, whole.choices.map(choice => choice.message.content));
});

await check('openai: log probabilities of the tokens', async () => {
  const [choice] = (await create({ logprobs: true, top_logprobs: 3 })).choices;
  const tokens = choice.logprobs.content;
  const bytes = tokens.flatMap(each => each.bytes);
  assert.equal(Buffer.from(bytes).toString('utf8'), choice.message.content);
  for (const each of tokens) {
    assert.ok(each.logprob <= 0);
    assert.equal(each.top_logprobs.length, 3);
    assert.equal(each.top_logprobs[0].logprob, each.logprob, 'without temperature the likeliest token is taken');
  }
});

await check('openai: penalties and stop strings', async () => {
  await create({ presence_penalty: 0.5, frequency_penalty: 0.5 });
  const whole = (await create()).choices[0].message.content;
  const stop = whole.slice(2, 5);
  assert.equal((await create({ stop: [stop] })).choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
});

await check('openai: a schema, and any JSON object', async () => {
  const format = { response_format: zodResponseFormat(Fruit, 'fruit'), temperature: 1 };
  const parsed = await openai.chat.completions.parse({ model, messages, ...format });
  Fruit.parse(parsed.choices[0].message.parsed);
  let text = '';
  for await (const chunk of await create({ ...format, stream: true, max_tokens: 90 })) {
    text += chunk.choices[0]?.delta?.content ?? '';
  }
  Fruit.parse(JSON.parse(text));
  const any = await create({ response_format: { type: 'json_object' }, temperature: 1, max_tokens: 20 });
  assert.equal(any.choices[0].finish_reason, 'stop');
  assert.equal(typeof JSON.parse(any.choices[0].message.content), 'object');
});

await check('openai: responses, whole, in a stream and with a schema', async () => {
  const whole = await openai.responses.create({ model, input: question, temperature: 0 });
  assert.equal(whole.output_text, (await create()).choices[0].message.content);
  assert.equal(whole.status, 'completed');
  assert.equal(whole.usage.input_tokens + whole.usage.output_tokens, whole.usage.total_tokens);
  let text = '';
  let completed;
  for await (const event of await openai.responses.create({ model, input: question, temperature: 0, stream: true })) {
    text += event.type === 'response.output_text.delta' ? event.delta : '';
    completed = event.type === 'response.completed' ? event.response : completed;
  }
  assert.equal(text, whole.output_text);
  assert.deepEqual(completed.usage, whole.usage);
  const helper = openai.responses.stream({ model, input: messages, temperature: 0 });
  assert.equal((await helper.finalResponse()).output_text, whole.output_text);
  const parsed = await openai.responses.parse({ model, input: question, text: { format: zodTextFormat(Fruit, 'fruit') } });
  Fruit.parse(parsed.output_parsed);
  const any = await openai.responses.create({ model, input: question, text: { format: { type: 'json_object' } } });
  assert.equal(typeof JSON.parse(any.output_text), 'object');
});

await check('openai: carries a text on', async () => {
  const text = await openai.completions.create({ model, prompt: 'The capital', max_tokens: 5, temperature: 0 });
  assert.equal(text.usage.completion_tokens, 5);
});

await check('openai: its own errors', async () => {
  const bad = await failing(create({ temperature: 'hot' }), OpenAI.BadRequestError);
  assert.equal(bad.param, 'temperature');
  const typo = await failing(create({ temprature: 1 }), OpenAI.BadRequestError);
  assert.equal(typo.param, 'temprature');
  const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } }];
  assert.equal((await failing(create({ tools }), OpenAI.BadRequestError)).param, 'tools');
  const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^x' } } };
  const format = { type: 'json_schema', json_schema: { name: 'x', schema } };
  const unsupported = await failing(create({ response_format: format }), OpenAI.BadRequestError);
  assert.equal(unsupported.param, 'response_format.json_schema.schema.properties.a.pattern');
  const long = [{ role: 'user', content: 'Hello there. '.repeat(500) }];
  assert.equal((await failing(create({ messages: long }), OpenAI.BadRequestError)).code, 'context_length_exceeded');
  assert.equal((await failing(create({ model: 'gpt-none' }), OpenAI.NotFoundError)).code, 'model_not_found');
  await failing(openai.embeddings.create({ model, input: 'Hello' }), OpenAI.NotFoundError);
  await failing(stranger.chat.completions.create({ model, messages }), OpenAI.AuthenticationError);
  await failing(stranger.models.list(), OpenAI.AuthenticationError);
  await failing(stranger.responses.create({ model, input: question }), OpenAI.AuthenticationError);
});

await check('openai: an answer that is not wanted any more makes way for the next', async () => {
  for (let i = 0; i < 20; i++) { // more than may wait
    const stream = await create({ messages: story, stream: true, n: 8, temperature: 2 });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      stream.controller.abort();
      break;
    }
  }
  assert.ok((await create()).choices[0].message.content);
});

// ---- ai

async function checkAi(name, chat, structured) {
  await check(`${name}: generates and streams the same text`, async () => {
    const whole = await generateText({ model: chat, prompt: question, temperature: 0, maxRetries: 0 });
    assert.ok(whole.text.length > 0);
    assert.equal(whole.finishReason, 'stop');
    assert.ok(whole.usage.outputTokens > 0);
    const stream = streamText({ model: chat, messages, temperature: 0, maxRetries: 0, onError: () => {} });
    let text = '';
    for await (const piece of stream.textStream) {
      text += piece;
    }
    assert.equal(text, whole.text);
    assert.equal(await stream.finishReason, 'stop');
    assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
  });

  await check(`${name}: a conversation with a system message`, async () => {
    const turns = [...messages, { role: 'assistant', content: '12.' }, { role: 'user', content: 'And 2 plus 2?' }];
    const answer = await generateText({ model: chat, system: 'Be brief.', messages: turns, maxOutputTokens: 8, maxRetries: 0 });
    assert.ok(answer.text.length > 0);
  });

  await check(`${name}: objects of a schema`, async () => {
    Fruit.parse((await generateObject({ model: structured, schema: Fruit, prompt: question, maxRetries: 0 })).object);
    const stream = streamObject({ model: structured, schema: Fruit, prompt: question, maxRetries: 0 });
    for await (const part of stream.partialObjectStream) {
      assert.equal(typeof part, 'object');
    }
    Fruit.parse(await stream.object);
    const output = Output.object({ schema: Fruit });
    Fruit.parse((await generateText({ model: structured, output, prompt: question, maxRetries: 0 })).output);
  });

  await check(`${name}: a stream that is aborted`, async () => {
    const abort = new AbortController();
    const stream = streamText({ model: chat, messages: story, temperature: 2, maxRetries: 0, abortSignal: abort.signal });
    for await (const piece of stream.textStream) {
      assert.equal(typeof piece, 'string');
      abort.abort();
    }
    assert.ok((await generateText({ model: chat, prompt: question, maxRetries: 0 })).text);
  });
}

async function checkAiErrors(name, wrongToken, wrongModel) {
  await check(`${name}: its own errors`, async () => {
    const ask = chat => generateText({ model: chat, prompt: question, maxRetries: 0 });
    assert.equal((await failing(ask(wrongToken), APICallError)).statusCode, 401);
    const unknown = await failing(ask(wrongModel), APICallError);
    assert.equal(unknown.statusCode, 404);
    assert.match(unknown.message, /gpt-none/);
  });
}

const compatible = createOpenAICompatible({ name: model, baseURL, apiKey: token, includeUsage: true, supportsStructuredOutputs: true });
const compatibleStranger = createOpenAICompatible({ name: model, baseURL, apiKey: 'guess' });
await checkAi('@ai-sdk/openai-compatible', compatible(model), compatible(model));
await checkAiErrors('@ai-sdk/openai-compatible', compatibleStranger(model), compatible('gpt-none'));

await check('@ai-sdk/openai-compatible: penalties', async () => {
  await generateText({ model: compatible(model), prompt: question, presencePenalty: 0.5, frequencyPenalty: 0.5, maxRetries: 0 });
});

const official = createOpenAI({ baseURL, apiKey: token });
const officialStranger = createOpenAI({ baseURL, apiKey: 'guess' });
await checkAi('@ai-sdk/openai (responses)', official(model), official(model));
await checkAi('@ai-sdk/openai (chat)', official.chat(model), official.chat(model));
await checkAiErrors('@ai-sdk/openai (responses)', officialStranger(model), official('gpt-none'));
await checkAiErrors('@ai-sdk/openai (chat)', officialStranger.chat(model), official.chat('gpt-none'));

// ---- @langchain/openai

const langchain = fields => new ChatOpenAI({ model, apiKey: token, temperature: 0, maxRetries: 0, configuration: { baseURL }, ...fields });

for (const useResponsesApi of [false, true]) {
  const name = `@langchain/openai (${useResponsesApi ? 'responses' : 'chat'})`;
  const chat = langchain({ useResponsesApi });
  await check(`${name}: invokes, streams and batches`, async () => {
    const whole = await chat.invoke(question);
    assert.ok(whole.text.length > 0);
    assert.ok(whole.usage_metadata.output_tokens > 0);
    let text = '';
    for await (const chunk of await chat.stream(question)) {
      text += chunk.text;
    }
    assert.equal(text, whole.text);
    const both = await chat.batch([question, 'Who are you?']);
    assert.equal(both[0].text, whole.text);
    assert.ok(both[1].text.length > 0);
  });

  await check(`${name}: objects of a schema`, async () => {
    Fruit.parse(await chat.withStructuredOutput(Fruit).invoke(question));
  });

  await check(`${name}: its own errors, and an abort`, async () => {
    assert.equal((await failing(langchain({ useResponsesApi, apiKey: 'guess' }).invoke(question), Error)).status, 401);
    assert.equal((await failing(langchain({ useResponsesApi, model: 'gpt-none' }).invoke(question), Error)).status, 404);
    const abort = new AbortController();
    const reading = (async () => {
      for await (const chunk of await langchain({ useResponsesApi, temperature: 2 }).stream('Tell me a story.', { signal: abort.signal })) {
        assert.ok(chunk);
        abort.abort();
      }
    })();
    await reading.catch(() => {});
    assert.ok((await chat.invoke(question)).text);
  });
}

console.log(failures === 0 ? 'Every client for Node is served.' : `${failures} checks failed.`);
process.exit(failures === 0 ? 0 : 1);
