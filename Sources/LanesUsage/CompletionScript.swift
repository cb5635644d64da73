/// The scripts that teach a shell to ask `lanes __complete`.
///
/// They hold no names of commands or options: those come from the program at the moment of asking, so that a script
/// that was installed long ago offers what is there now.
package enum CompletionScript {
  /// The first argument of a question; the words that were typed follow it.
  package static let request = "__complete"

  package static let shells = ["bash", "zsh", "fish"]

  /// The script for `shell`; nil for one that is not known.
  package static func text(for shell: String) -> String? {
    switch shell {
    case "bash": bash
    case "zsh": zsh
    case "fish": fish
    default: nil
    }
  }

  /// Bash takes = for the end of a word: parts are joined again for the question, and the part before = is left out of
  /// the answer.
  private static let bash = #"""
    # Completions of lanes for bash.

    _lanes() {
      local word kind line candidate program=${1/#\~/$HOME}
      local -a words=() lines=() suffixes=()
      local index
      for ((index = 1; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((${#words[@]} > 0)) && [[ ${words[-1]} == --* ]] &&
          { [[ $word == '=' ]] || [[ ${words[-1]} == *= && ${COMP_WORDS[index - 1]} == '=' ]]; }; then
          words[-1]+=$word
        else
          words+=("$word")
        fi
      done
      COMPREPLY=()
      mapfile -t lines < <("$program" __complete "${words[@]}" 2> /dev/null)
      ((${#lines[@]} > 0)) || return
      word=${words[-1]}
      for line in "${lines[@]:1}"; do
        candidate=${line%%$'\t'*}
        [[ $word == --*=* ]] && candidate=${candidate#*=}
        COMPREPLY+=("$candidate")
      done
      read -r kind line <<< "${lines[0]}"
      [[ $word == --*=* ]] && word=${word#*=}
      case $kind in
        files)
          if [[ -z $line ]]; then
            compopt -o default 2> /dev/null
          else
            read -r -a suffixes <<< "$line"
            compopt -o filenames 2> /dev/null
            for line in "${suffixes[@]}"; do mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X "!*.$line" -- "$word"); done
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$word")
          fi
          ;;
        folders) compopt -o dirnames 2> /dev/null ;;
      esac
    }

    complete -F _lanes lanes

    """#

  /// Zsh splits nothing at =, but its own completion of files must not see the option before it (`compset`). A colon
  /// ends a word in _describe and is escaped.
  private static let zsh = #"""
    #compdef lanes
    # Completions of lanes for zsh.

    _lanes() {
      local -a lines kind candidates
      local line
      lines=("${(@f)$(_call_program lanes ${(q)words[1]} __complete "${(@q)words[2,CURRENT]}" 2> /dev/null)}")
      kind=(${(s: :)lines[1]})
      for line in "${(@)lines[2,-1]}"; do
        [[ -n $line ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
      done
      ((${#candidates})) && _describe 'lanes' candidates
      case $kind[1] in
        files)
          [[ $PREFIX == --*=* ]] && compset -P '*='
          if ((${#kind} > 1)); then _files -g "*.(${(j:|:)kind[2,-1]})(-.)"; else _files; fi
          ;;
        folders)
          [[ $PREFIX == --*=* ]] && compset -P '*='
          _files -/
          ;;
      esac
    }

    # When the function is loaded by name, this is its first call.
    if [[ $funcstack[1] == _lanes ]]; then _lanes "$@"; else compdef _lanes lanes; fi

    """#

  /// Fish takes candidates with their help after a tab, which is how the program prints them.
  private static let fish = #"""
    # Completions of lanes for fish.

    function __lanes_complete
      set -l words (commandline -opc)
      set -l typed (commandline -ct)
      set -l lines ($words[1] __complete $words[2..-1] "$typed" 2> /dev/null)
      set -l kind (string split ' ' -- $lines[1])
      printf '%s\n' $lines[2..-1]
      switch $kind[1]
        case files
          if test (count $kind) -gt 1
            for suffix in $kind[2..-1]
              __fish_complete_suffix ".$suffix"
            end
          else
            __fish_complete_path "$typed"
          end
        case folders
          __fish_complete_directories "$typed" ''
      end
    end

    complete -c lanes -f -a '(__lanes_complete)'

    """#
}
