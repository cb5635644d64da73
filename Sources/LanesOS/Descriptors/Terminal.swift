import CLinux
import Glibc

/// What is behind standard output and standard error.
package enum Terminal {
  package static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

  /// True when TERM says that no line can be drawn anew or colored, or says nothing (terminfo(5)).
  package static var isDumb: Bool { (variable("TERM") ?? "dumb") == "dumb" }

  /// True when a line on `fd` may be drawn anew and colored.
  package static func isCapable(_ fd: Int32) -> Bool { isTerminal(fd) && !isDumb }

  /// True when text on `fd` may be colored; NO_COLOR says no, as no-color.org has it.
  package static func takesColor(_ fd: Int32) -> Bool { variable("NO_COLOR") == nil && isCapable(fd) }

  /// What goes back to the start of the terminal's line and clears it, as far as the terminal can.
  package static var lineStart: String { isDumb ? "\r" : "\r\u{1B}[K" }

  /// Columns of the terminal behind `fd`; 80 where it does not say.
  package static func width(_ fd: Int32) -> Int {
    let columns = Int(clinux_terminal_width(fd))
    return columns > 0 ? columns : 80
  }

  /// True when text is UTF-8 here: LC_ALL, LC_CTYPE and LANG in this order, as locale(7) has it.
  package static var isUTF8: Bool {
    let locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? ""
    return ["UTF-8", "utf8", "utf-8", "UTF8"].contains { locale.hasSuffix($0) || locale.contains($0 + "@") }
  }

  /// The environment variable `name`, if it is set and not empty.
  package static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}

/// The page cache, as far as a user may influence it without rights.
package enum PageCache {
  /// Starts to write back what is dirty of a file, and does not wait for it.
  package static func startWriteBack(_ file: borrowing Descriptor) { _ = clinux_write_back(file.number, false) }

  /// Drops the pages of a file (posix_fadvise(2)), dirty ones after they were written back.
  package static func drop(_ file: borrowing Descriptor) {
    // fdatasync(2) would have the device empty its cache, once for each file: milliseconds, and clean pages need none.
    if clinux_write_back(file.number, true) != 0 { fdatasync(file.number) }
    posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
  }
}

/// Ends the process without running anything else.
package func exitProcess(_ status: Int32) -> Never { exit(status) }
