# SPDX-License-Identifier: Apache-2.0
"""`synchronizer complete`: what makes bash complete the command's words."""

import argparse
import dataclasses
import string
from collections.abc import Iterable, Iterator, Sequence

from cliff.command import Command

from synchronizer import __version__
from synchronizer.cli.helping import Written

#: What options call an argument that is a path.
PATHS = frozenset({"PATH", "FILE", "DIRECTORY"})
TYPE = "TYPE"

_SCRIPT = string.Template("""\
# bash completion of synchronizer $version; made by: synchronizer complete
_synchronizer() {
    local cur="$${COMP_WORDS[COMP_CWORD]}" prev="$${COMP_WORDS[COMP_CWORD-1]}"
    local command="" word words="" skip=0 i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="$${COMP_WORDS[i]}"
        if ((skip)); then skip=0; continue; fi
        case "$$command|$$word" in
            $valued) skip=1; continue ;;
            *'|-'*) continue ;;
        esac
        case "$${command:+$$command }$$word" in
            $prefixes) command="$${command:+$$command }$$word" ;;
        esac
    done
    COMPREPLY=()
    case "$$command|$$prev" in
$choices
        $paths)
            compopt -o filenames 2> /dev/null
            COMPREPLY=($$(compgen -f -- "$$cur"))
            return ;;
        $others)
            return ;;
        *)
            case "$$command" in
$commands
            esac
            case "$$cur" in
                -*) words="$$words $options" ;;
            esac ;;
    esac
    COMPREPLY=($$(compgen -W "$$words" -- "$$cur"))
}
complete -F _synchronizer synchronizer
""")


class Complete(Written, Command):
    """Print what makes bash complete commands, options and types.

    The types are those of the plugins that are installed where it is made.

    Examples: source <(synchronizer complete)
              synchronizer complete > /etc/bash_completion.d/synchronizer
    """

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        known = {"": _of(self.app.parser, ()), **dict(self._known(_types()))}
        names = sorted(name for name in known if name)
        groups = {name.rpartition(" ")[0] for name in names} - known.keys()
        known |= {group: Known([], []) for group in groups}
        known["help"].words.extend(sorted({name.split()[0] for name in names}))
        for name, of in known.items():
            of.words.extend(_next(name, [*names, *groups]))
        valued = [(name, option) for name, of in known.items() for option in of.options]
        valued = [(name, option) for name, option in valued if option.nargs != 0]
        free = [(name, option) for name, option in valued if not option.choices]
        self.app.stdout.write(
            _SCRIPT.substitute(
                version=__version__,
                valued=_pattern(valued),
                prefixes=" | ".join(f"'{name}'" for name in sorted({*names, *groups})),
                choices="\n".join(
                    f"        {_pattern([of])}) words='{' '.join(map(str, of[1].choices))}' ;;"
                    for of in valued
                    if of[1].choices
                ),
                paths=_pattern(of for of in free if _is_path(of[1])),
                others=_pattern(of for of in free if not _is_path(of[1])),
                commands="\n".join(_case(name, of) for name, of in sorted(known.items())),
                options=known[""].dashed,
            )
        )

    def _known(self, types: Sequence[str]) -> Iterator[tuple[str, "Known"]]:
        for name, _ in self.app.command_manager:
            factory, _, _ = self.app.command_manager.find_command(name.split())
            yield name, _of(factory(self.app, None).get_parser(name), types)


@dataclasses.dataclass
class Known:
    """Of a command: the words that may follow it, and its options."""

    words: list[str]
    options: list[argparse.Action]

    @property
    def dashed(self) -> str:
        long = (name for of in self.options for name in of.option_strings if name[:2] == "--")
        return " ".join(sorted(long))


def _of(parser: argparse.ArgumentParser, types: Sequence[str]) -> Known:
    words: list[str] = []
    options = []
    for action in parser._actions:
        if action.option_strings:
            options.append(action)
        elif action.choices:
            words += map(str, action.choices)
        elif action.metavar == TYPE:
            words += types
    return Known(words, options)


def _next(name: str, commands: Iterable[str]) -> list[str]:
    """The words that make a longer command of this one."""
    start = f"{name} " if name else ""
    longer = (of for of in commands if of.startswith(start) and of != name)
    return sorted({of.removeprefix(start).split()[0] for of in longer})


def _types() -> list[str]:
    from synchronizer.plugin.loader import available

    return sorted({type_ for plugin in available() for type_ in plugin.types})


def _case(name: str, of: Known) -> str:
    return (
        f"                '{name}') words='{' '.join(of.words)}'\n"
        f"                    [[ \"$cur\" == -* ]] && words='{of.dashed}' ;;"
    )


def _pattern(options: Iterable[tuple[str, argparse.Action]]) -> str:
    """A pattern of bash's `case`: one of these options of these commands. Those of the
    application itself may stand behind any."""
    return " | ".join(
        f"'{name}|{text}'" if name else f"*'|{text}'"
        for name, option in options
        for text in option.option_strings
    )


def _is_path(option: argparse.Action) -> bool:
    return option.metavar in PATHS or option.dest == "log_file"
