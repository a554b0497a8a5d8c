// Asks llama.cpp about a GGUF file, by the npm package node-llama-cpp, which is installed in FOLDER:
//     node scripts/golden/llama.mjs FOLDER MODEL.gguf QUESTION.json ANSWER.json
// The tests in perdure.export run it if they are given -Dperdure.llama=FOLDER (src/docs/FINETUNE.md).
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file, asked, answered] = process.argv.slice(2);
const packageFile = join(resolve(folder), "node_modules/node-llama-cpp/dist/index.js");
const { getLlama } = await import(pathToFileURL(packageFile).href);
const { texts, prompts, tokens } = JSON.parse(readFileSync(asked, "utf8"));

const llama = await getLlama({ gpu: false, build: "never" });
const model = await llama.loadModel({ modelPath: resolve(file) });
const ids = texts.map((text) => [...model.tokenize(text)]);
const pieces = [];
for (const prompt of prompts) {
  // A cache of 32-bit floats, as ours.
  const context = await model.createContext({
    contextSize: 512,
    threads: 1,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const read = [...model.tokenize(prompt)];
  if (model.tokens.shouldPrependBosToken) {
    read.unshift(model.tokens.bos);
  }
  const answer = [];
  const before = [...read];
  for await (const token of context.getSequence().evaluate(read, { temperature: 0 })) {
    if (model.isEogToken(token)) {
      break;
    }
    answer.push(model.detokenize([token], false, before));
    before.push(token);
    if (answer.length === tokens) {
      break;
    }
  }
  pieces.push(answer);
  await context.dispose();
}
writeFileSync(answered, JSON.stringify({ ids, pieces }));
process.exit(0);
