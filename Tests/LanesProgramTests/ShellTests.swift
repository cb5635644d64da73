import LanesTesting
import SystemPackage
import Testing

/// What is installed beside the program, in the programs that read it; those that are not installed here are passed over.
@Suite struct ShellTests {
  @Test(arguments: [
    ("lanes comp", "compare"), ("lanes compare primes --mod", "--mode --modes"), ("lanes primes --mode t", "threads"),
    ("lanes primes --mode = t", "threads"), ("lanes compare --modes serial,th", "serial,threads"),
    ("lanes lab pay", "payloads"), ("lanes help en", "engines"), ("lanes convert --qua", "--quality"),
  ]) func `bash completes words`(_ line: String, _ words: String) throws {
    let result = try Program.shell(
      """
      command -v bash > /dev/null || { printf '%s\\n' "$2"; exit 0; }
      exec bash -c 'source /dev/stdin <<< "$("$LANES" --generate-completion-script bash)"
        COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _lanes "$LANES"; echo "${COMPREPLY[*]}"' bash "$1"
      """, [line, words])
    #expect(result.text == words + "\n")
    #expect(result.errors == "")
  }

  @Test(arguments: [
    ("lanes comp", "compare"), ("lanes primes --mode=t", "--mode=threads"),
    ("lanes compare primes --modes s", "serial"),
  ]) func `fish completes words`(_ line: String, _ word: String) throws {
    let result = try Program.shell(
      """
      command -v fish > /dev/null || { printf '%s\\n' "$2"; exit 0; }
      folder=$(mktemp -d) && ln -s "$LANES" "$folder/lanes" && trap 'rm -r "$folder"' EXIT
      HOME=$folder PATH=$folder:$PATH fish -c '
        lanes --generate-completion-script fish | source
        complete -C $argv[1]' "$1" | cut -f 1
      """, [line, word])
    #expect(result.text == word + "\n")
  }

  @Test func `zsh takes its script`() throws {
    let result = try Program.shell(
      "command -v zsh > /dev/null || exit 0; \"$LANES\" --generate-completion-script zsh | zsh -n /dev/stdin")
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
  }

  @Test func `manual pages are read without a warning`() throws {
    let result = try Program.shell(
      """
      command -v groff > /dev/null || exit 0
      for page in $("$LANES" --generate-manual); do
        "$LANES" --generate-manual "$page" | groff -ww -man -Tutf8 2>&1 > /dev/null | sed "s/^/$page: /"
      done
      """)
    #expect(result.text == "")
    #expect(result.exit == .status(0))
  }

  @Test func `what is installed is all removed again, and holds every manual page`() throws {
    let result = try Program.shell(
      """
      folder=$(mktemp -d) && trap 'rm -r "$folder"' EXIT
      LANES_BINARY=$LANES "$1/Scripts/install" /opt/lanes "$folder" > /dev/null || exit
      find "$folder" -name 'lanes*.[17]' -printf '%f\\n' | sort > "$folder/pages"
      "$LANES" --generate-manual | sort | diff - "$folder/pages"
      "$folder/opt/lanes/bin/lanes" --version > "$folder/version"
      LANES_BINARY=$LANES "$1/Scripts/install" --remove /opt/lanes "$folder" > /dev/null
      find "$folder" -type f -printf '%f\\n' | sort
      """, [Fixtures.root.removingLastComponent().string])
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
    #expect(result.text == "pages\nversion\n")
  }

  @Test func `examples of the documentation print what stands there`() throws {
    let result = try Program.shell(
      "LANES_BINARY=$LANES python3 \"$1/Scripts/examples\" --check", [Fixtures.root.removingLastComponent().string])
    #expect(result.errors == "")
    #expect(result.exit == .status(0))
  }
}
