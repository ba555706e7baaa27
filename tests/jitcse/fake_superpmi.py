"""A superpmi of a few lines that starts in no time, for tests of the client; the shipped stub is the faithful one.

Its collection is JSON: ``methods``; ``faults``, for a method the modes of its successive replies, the last of which
stays; ``jit``, features of the build. Method i has i % 7 candidates and costs 100 + i, each performed candidate j
saving j + 1. Every request is noted in ``<collection>.log`` with the process and its DOTNET_ variables.
"""

import json
import os
import signal
import sys

NAMES = (
    "type,viable,live_across_call,const,shared_const,make_cse,has_call,containable,cost_ex,cost_sz,use_count,def_count,"
    "use_wt_cnt,def_wt_cnt,distinct_locals,local_occurrences,bb_count,block_spread,enreg_count"
)
ROW = "1,1,0,0,0,0,0,0,3,3,2,1,200,100,1,1,9,2,7"


def report(index, options, setup):
    candidates = index % 7
    head = f"; Total bytes of code {200 + index}, prolog size 4, PerfScore %.2f, instruction count {50 + index}"
    if "JitRLHook" in options and setup.get("hook", True):
        sent = [int(number) for number in options["JitRLHookCSEDecisions"].split(",") if number]
        names = " featureNames " + NAMES if "JitRLHookEmitFeatureNames" in options else ""
        rows = "".join(f" features #{number + 1},{ROW}" for number in range(candidates))
        tail = names + rows + (" seq " + ",".join(map(str, sent)) if sent else "")
    else:
        sent = list(range(candidates))[::-1]
        tail = " Standard CSE Heuristic seq " + ",".join([str(number + 1) for number in sent] + ["0"])
    score = 100 + index - sum(number + 1 for number in sent)
    counts = f", allocated bytes for code 300, num cse {len(sent)} num cand {candidates}"
    tail = tail if candidates else ""
    foot = f" spmi index {index} (MethodHash={index:08x}) for method A.B:C{index}():int (Tier1)"
    return f"{head % score}{counts}{tail}{foot}"


def spoilt(mode, line):
    if mode == "other index":
        return line.replace("spmi index ", "spmi index 9")
    if mode == "no index":
        return line.replace(" spmi index 9", "")
    if mode == "other decisions":
        return line.replace(" seq ", " seq 9,")
    if mode == "row lost":
        return line.replace(f" features #1,{ROW}", "", 1)
    if mode == "names lost":
        return line.replace(f" featureNames {NAMES}", "")
    if mode == "half":
        return line[: len(line) // 2]
    if mode == "start":
        return line[:10]
    return line


def answer(mode, index, options, setup):
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "exit":
        print("cannot go on", file=sys.stderr)
        sys.exit(3)
    while mode == "chatter":
        print("x" * 1000)
    if mode == "silent":
        return
    if mode == "fails":
        print(f"ERROR: Method {index} failed")
    elif setup.get("metrics", True):
        print(spoilt(mode, report(index, options, setup)))
    print(f"[streaming] Done. Status={1 if mode == 'fails' else 0}", flush=True)


def mode(collection, index, setup):
    """The mode of the reply to the request that has just been noted."""
    modes = setup.get("faults", {}).get(index)
    if modes is None:
        return "well"
    with open(collection + ".log") as file:
        seen = sum(json.loads(each)["line"].startswith(index + "!") for each in file)
    return modes[min(seen, len(modes)) - 1]


def main():
    collection = sys.argv[-1]
    with open(collection) as file:
        setup = json.load(file)
    variables = sorted(name for name in os.environ if name.startswith(("DOTNET_", "COMPlus_")))
    for line in sys.stdin:
        words = line.rstrip("\n").split("!")
        index = int(words[0])
        with open(collection + ".log", "a") as file:
            entry = {"line": line.rstrip("\n"), "pid": os.getpid(), "variables": variables, "arguments": sys.argv[1:]}
            file.write(json.dumps(entry) + "\n")
        if index > setup["methods"]:
            sys.exit(1)
        answer(mode(collection, words[0], setup), index, dict(word.split("=", 1) for word in words[1:]), setup)


main()
