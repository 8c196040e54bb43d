#!/usr/bin/env python3
"""json_schema.py PGDYNO SOURCE_ROOT: the schema that editors get, against right files and wrong ones.

Every file of the catalog and of tests/data/good, and the examples of the reference, must be valid. Of tests/data/bad
those must not be whose mistake is one of form: what pgdyno says of them (.expected) tells. A wrong value of the right
form is for `pgdyno check`.
"""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: no dates, no `yes`, no 1:30."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"^(~|null|Null|NULL|)$", "~nN"),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first) + [""] * (tag == "null"))

# What pgdyno says of mistakes of form.
OF_FORM = re.compile(
    r"unknown key|must be a map|must be a list|must be a single value|needs `rows`|needs `columns`|takes one value, not"
    r"|must be a whole number|must be a time|must be two times|must be true or false|must be of letters"
    r"|no isolation level|no protocol|no arrivals|must be an amount of memory|a workload is a map|needs `workload`"
)


def mistakes(validator, text):
    """None: not even YAML."""
    try:
        document = yaml.load(text, Loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return None
    return [error.message for error in validator.iter_errors(document)]


def main(pgdyno, root):
    schema = json.loads(subprocess.run([pgdyno, "help", "schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failed = good = rejected = other = 0
    folders = root / "workloads/catalog", root / "tests/data/good"
    files = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    right = [(path, path.read_bytes()) for path in files]
    reference = root / "workloads/README.md"
    examples = re.findall(r"^```yaml\n(workload:.*?)^```", reference.read_text(encoding="utf-8"), re.M | re.S)
    right += [(reference, example) for example in examples]
    for path, text in right:
        good += 1
        for message in mistakes(validator, text) or []:
            failed += 1
            print(f"{path}: is right, but the schema says: {message[:200]}")
    for path in sorted((root / "tests/data/bad").glob("*.yaml")):
        said = path.with_suffix(".expected").read_text(errors="replace")
        if re.search(r"^-|^default", said, re.M):
            continue  # of the command line
        found = mistakes(validator, path.read_bytes())
        if found is None:
            continue
        rejected += bool(found)
        other += not found
        if OF_FORM.search(said) and not found:
            failed += 1
            print(f"{path}: the schema does not see it: {said.splitlines()[0]}")
    print(f"{good} right files, {rejected} wrong ones rejected, {other} wrong ones need `pgdyno check`; {failed} mistakes")
    return failed > 0 or len(files) < 5 or len(examples) < 3 or rejected < 10


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
