import CLinux
import Glibc

/// What is behind standard output and standard error.
package enum Terminal {
  package static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

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
  /// Writes back what is dirty of a file and drops its pages (posix_fadvise(2)); nothing happens to files that cannot be
  /// opened.
  package static func drop(_ file: borrowing Descriptor) {
    fdatasync(file.number)
    posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
  }
}

/// Ends the process without running anything else.
package func exitProcess(_ status: Int32) -> Never { exit(status) }
