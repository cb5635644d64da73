/// Where the limits of control groups stand (cgroups(7)).
package enum Cgroups {
  package struct Folder: Equatable {
    /// Ends in a slash.
    package let path: String
    /// True for version 2.
    package let isUnified: Bool

    package init(path: String, isUnified: Bool) {
      self.path = path
      self.isUnified = isUnified
    }
  }

  /// Folders of the groups that `controller` counts this process in, from its own group to the root, of both versions; not all
  /// need exist.
  ///
  /// - Parameter membership: what /proc/self/cgroup holds: "4:memory:/a/b", of version 2 "0::/a/b".
  package static func folders(of controller: String, membership: String?) -> [Folder] {
    guard let membership else { return [] }
    var folders: [Folder] = []
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains(Substring(controller)) else { continue }
      let root = isUnified ? "/sys/fs/cgroup/" : "/sys/fs/cgroup/\(controller)/"
      folders += upwards(String(fields[2])).map { Folder(path: root + $0, isUnified: isUnified) }
    }
    return folders
  }

  /// "a/b/", "a/" and "" for "/a/b".
  private static func upwards(_ path: String) -> [String] {
    var parts = path.split(separator: "/")
    var folders: [String] = []
    while !parts.isEmpty {
      folders.append(parts.joined(separator: "/") + "/")
      parts.removeLast()
    }
    return folders + [""]
  }
}
