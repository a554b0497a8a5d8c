"""The other side of scripts/bench --fine-tuning: TRL's SFTTrainer on the same weights and the same conversations.

Usage: python scripts/reference/finetune.py FOLDER THREADS ADAPTERS    (torch 2.13, transformers 5.18, trl 1.13, peft 0.21)
Prints its name, and answers each line {"learning_rate": r, "steps": [[{"ids": […], "labels": […]}, …], …]} with {"seconds": […],
"losses": […], "peak": largest resident bytes}. Each question fine-tunes the model in FOLDER anew, or the adapters of it in
the folder ADAPTERS unless that is empty: one optimizer step per list of conversations. The trainer pads the conversations of a step to the longest one. Gradient checkpointing is off,
since it makes steps slower.
"""

import json
import resource
import sys
import tempfile
import time

import datasets
import torch
import transformers
import trl


class Steps(trl.SFTTrainer):
    """Takes the conversations of each step in the order of the question."""

    def get_train_dataloader(self):
        return torch.utils.data.DataLoader(self.train_dataset, batch_sampler=self.steps, collate_fn=self.data_collator)


class Times(transformers.TrainerCallback):
    def __init__(self):
        self.seconds, self.losses = [], []

    def on_step_begin(self, *_, **__):
        self.begin = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds.append(time.perf_counter() - self.begin)

    def on_log(self, arguments, state, control, logs=None, **__):
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))


def load(folder, adapters):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if not adapters:
        return model
    import peft
    return peft.PeftModel.from_pretrained(model, adapters, is_trainable=True)


def fine_tune(folder, adapters, question):
    rows = [row for step in question["steps"] for row in step]
    batches, first = [], 0
    for step in question["steps"]:
        batches.append(list(range(first, first + len(step))))
        first += len(step)
    times = Times()
    with tempfile.TemporaryDirectory() as output:
        arguments = trl.SFTConfig(
            output_dir=output, max_steps=len(batches), learning_rate=question["learning_rate"],
            lr_scheduler_type="constant", max_grad_norm=1.0, weight_decay=0.1, adam_beta1=0.9, adam_beta2=0.95,
            adam_epsilon=1e-8, optim="adamw_torch_fused", use_cpu=True, bf16=False, gradient_checkpointing=False,
            logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True, remove_unused_columns=False,
            dataset_kwargs={"skip_prepare_dataset": True})
        trainer = Steps(
            model=load(folder, adapters), args=arguments,
            train_dataset=datasets.Dataset.from_dict(
                {"input_ids": [row["ids"] for row in rows], "labels": [row["labels"] for row in rows]}),
            processing_class=transformers.AutoTokenizer.from_pretrained(folder), callbacks=[times])
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.steps = batches
        trainer.train()
    return {"seconds": times.seconds, "losses": times.losses,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main(folder, threads, adapters):
    torch.set_num_threads(int(threads))
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    answers, sys.stdout = sys.stdout, sys.stderr  # Whatever a library prints is not an answer.
    print(json.dumps({"name": f"trl {trl.__version__}, torch {torch.__version__}"}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(fine_tune(folder, adapters, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
