"""`hutschiene VERB ...`: finds the verb's module and runs it. Exit code 0 well, 1 not well, 2 wrong usage."""

import argparse
import importlib
import sys

from firmware.errors import UserError

VERBS = (
    ("demo", "a simulated house on real serial pairs, with broker and page"),
    ("run", "the energy manager, for a SITE.toml"),
    ("check", "what a SITE.toml means, and what happens on each loss"),
    ("sim", "a simulated day at full speed, with its key figures"),
    ("replay", "make the decisions of a journal again and compare"),
    ("decode", "what is on the wire of a meter (sml, d0, p1, wmbus, mbus)"),
    ("poll", "a Modbus master for the electrician"),
    ("scan", "which devices answer on a Modbus line, and what they are"),
    ("monitor", "a live table of what the devices of a SITE.toml measure"),
    ("dashboard", "the page on any machine of the house, fed by the broker, for one site or several"),
    ("notify", "one test message to everybody who is told when something is wrong"),
    ("account", "who may look at the page and set things there"),
    ("carry", "a gateway for radio meters: their newest frames, still encrypted, over MQTT"),
    ("export", "what the meters said: quarter hours, flows, sessions, or the signed records themselves"),
    ("restore", "puts back what a backup holds, while the house does not run"),
    ("settle", "what each party pays or has had, by a PLAN.toml: csv, json or html"),
    ("verify", "whether exported records are as they were written"),
    ("serve", "simulated devices on the real ports of a SITE.toml"),
    ("release", "leave every device of a SITE.toml on its fallback"),
)


def main(arguments: "list[str]") -> int:
    parser = argparse.ArgumentParser(prog="hutschiene", description="The energy manager in the meter cabinet.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    named = next((word for word in arguments if not word.startswith("-")), "")
    for verb, words in VERBS:
        sub = verbs.add_parser(verb, help=words, description=words[0].upper() + words[1:] + ".")
        if verb == named:
            module = importlib.import_module(f"firmware.{verb}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
