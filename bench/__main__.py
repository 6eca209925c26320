"""`python -m bench [NAME ...]`: the named benchmarks (all, when none is named), each in a process of its own."""

import subprocess
import sys

NAMES = (
    "writes",
    "relay",
    "cache",
    "pages",
    "search",
    "live",
    "painted",
    "timings",
    "requests",
    "order",
    "flood",
    "rolling",
    "soak",
)
APART = ("kills", "faults", "machines", "triage")  # minutes, for root alone, with data of others: when they are named


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in NAMES + APART]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(NAMES + APART)}", file=sys.stderr)
        return 2
    failed = [name for name in names or NAMES if run(f"bench.{name}")]
    if run("bench.page"):
        failed.append("page")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def run(module: str) -> int:
    return subprocess.run([sys.executable, "-m", module], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
