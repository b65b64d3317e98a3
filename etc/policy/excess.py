# SPDX-License-Identifier: Apache-2.0
"""What a policy file gives Synchronizer's role beyond what it names: `excess.py SERVICE FILE`.

Run it with the Python of the service (nova, cinder, heat, neutron, glance, keystone), whose own
policies it reads. It prints nothing where the file gives what it names and no more; else a line for
each policy that is to be added to the file, so that it stays the administrators'. It reckons with
either value of `[oslo_policy] enforce_new_defaults`.
"""

import argparse
import pathlib
import re

from oslo_config import cfg
from oslo_policy import generator, policy

ROLE = "synchronizer"
#: What a request is about: something of somebody else's.
TARGET = {"project_id": "theirs", "user_id": "them"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("file", type=pathlib.Path)
    given = parser.parse_args()
    defaults = list(generator.get_policies_dict([given.service])[given.service])
    for name, check in excess(defaults, given.file).items():
        print(f'"{name}": "{check}"')


def excess(defaults: list[policy.RuleDefault], file: pathlib.Path) -> dict[str, str]:
    """Name -> check, of the policies that the file has to say so that they are not the role's."""
    found: dict[str, str] = {}
    named = meant(file)
    for old in (False, True):
        while passed := [
            default
            for default in allowed(defaults, file, found, old=old)
            if default.name not in named
        ]:
            # Those that others refer to come first: they may be all that is to be said.
            referred = {name for d in passed for name in re.findall(r"rule:(\w+)", d.check_str)}
            new = [default for default in passed if default.name not in found]
            if not new:
                raise SystemExit(f"{passed[0].name} cannot be kept from the role")
            for default in [d for d in new if d.name in referred] or new:
                found[default.name] = administrators(default.check_str)
    return found


def meant(file: pathlib.Path) -> set[str]:
    """The policies that the file says are the role's."""
    rules = policy.parse_file_contents(file.read_text())
    ours = {name for name, check in rules.items() if re.search(rf"(?<!not )rule:{ROLE}", check)}
    return ours | {ROLE}


def administrators(check: str) -> str:
    """The same for administrators who have not the role."""
    return re.sub(r"rule:context_is_admin|is_admin:True|role:admin", "rule:administrator", check)


def allowed(
    defaults: list[policy.RuleDefault], file: pathlib.Path, more: dict[str, str], *, old: bool
) -> list[policy.RuleDefault]:
    """The policies that let somebody do something with the role, and not without it."""
    conf = cfg.ConfigOpts()
    conf([], project=ROLE, default_config_files=[])
    enforcer = policy.Enforcer(conf, policy_file=str(file.resolve()))
    conf.set_override("enforce_new_defaults", not old, "oslo_policy")
    enforcer.suppress_deprecation_warnings = True
    enforcer.suppress_default_change_warnings = True
    enforcer.register_defaults(defaults)
    enforcer.load_rules()
    enforcer.set_rules(policy.Rules.from_dict(more), overwrite=False, use_conf=False)

    def passes(name: str, **who: object) -> bool:
        ours = {"user_id": "us", "project_id": "ours", "is_admin_project": True, **who}
        return bool(enforcer.enforce(name, TARGET, ours))

    administrator = passes("context_is_admin", roles=[ROLE])
    # Cinder adds that role to whomever it takes for an administrator.
    roles = [ROLE, "admin"] if administrator else [ROLE]
    return [
        default
        for default in defaults
        if passes(default.name, roles=roles, is_admin=administrator)
        and not passes(default.name, roles=[], is_admin=False)
    ]


if __name__ == "__main__":
    main()
