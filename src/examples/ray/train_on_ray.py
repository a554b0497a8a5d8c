"""Trains one run on a Ray cluster: an actor in each bundle of a placement group starts Perdure, which is a rank.

    python train_on_ray.py --ranks 4 --cpus 4 --perdure /opt/perdure -- \
        --epochs 10 --grad-accum 4 --threads 4 --checkpoints /shared/run

Perdure lies in that folder on each node. If a rank is lost, all end with exit code 75 and are started again here.
"""

import argparse
import os
import socket
import subprocess
import sys

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

START_AGAIN = 75
MOST_STARTS = 100


@ray.remote
class Rank:
    def place(self):
        """The address of this node, and a free port there."""
        with socket.socket() as free:
            free.bind(("", 0))
            return ray.util.get_node_ip_address(), free.getsockname()[1]

    def train(self, command, environment):
        return subprocess.run(command, env={**os.environ, **environment}).returncode


def start(arguments, count):
    """Starts all ranks, in the environment that torchrun would make, and returns their exit code."""
    bundle = {"CPU": arguments.cpus, **({"GPU": arguments.gpus} if arguments.gpus else {})}
    group = placement_group([bundle] * arguments.ranks, strategy="PACK")
    ray.get(group.ready())
    try:
        ranks = [
            Rank.options(
                num_cpus=arguments.cpus,
                num_gpus=arguments.gpus,
                scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=i),
            ).remote()
            for i in range(arguments.ranks)
        ]
        places = ray.get([rank.place.remote() for rank in ranks])
        hosts = [host for host, _ in places]
        codes = [
            rank.train.remote(
                [os.path.join(arguments.perdure, "scripts", "train"), *arguments.flags],
                {
                    "RANK": str(i),
                    "WORLD_SIZE": str(len(ranks)),
                    # Ray shows each actor its own GPUs alone.
                    "LOCAL_RANK": "0" if arguments.gpus else str(hosts[:i].count(hosts[i])),
                    "LOCAL_WORLD_SIZE": str(hosts.count(hosts[i])),
                    "MASTER_ADDR": places[0][0],
                    "MASTER_PORT": str(places[0][1]),
                    "TORCHELASTIC_RESTART_COUNT": str(count),
                },
            )
            for i, rank in enumerate(ranks)
        ]
        codes = ray.get(codes)
        return next((code for code in (2, START_AGAIN) if code in codes), max(codes))
    except ray.exceptions.RayActorError as lost:
        print(f"An actor is lost: {lost}", file=sys.stderr)
        return START_AGAIN
    finally:
        remove_placement_group(group)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, required=True, help="a power of two that divides --grad-accum")
    parser.add_argument("--cpus", type=int, default=1, help="of a rank")
    parser.add_argument("--gpus", type=int, default=0, help="of a rank")
    parser.add_argument("--perdure", required=True, help="its folder on each node")
    parser.add_argument("flags", nargs="*", help="of scripts/train, after --")
    arguments = parser.parse_args()
    ray.init()
    code = START_AGAIN
    for count in range(MOST_STARTS):
        if code != START_AGAIN:
            break
        code = start(arguments, count)
        print(f"Start {count} ended with exit code {code}.", flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
