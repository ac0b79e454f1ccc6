import Diagnosis
import Foundation

/// Which process listens on a socket of the file system.
enum SocketLook {
    /// `openvpn (process 4711)`; nil when nobody listens. Another program's descriptors can be seen by root alone.
    static func listener(of path: String) -> Known<String?> {
        guard let table = FileLook.text("/proc/net/unix") else {
            return .unknown("/proc/net/unix cannot be read")
        }
        guard let inode = inode(listeningOn: path, in: table) else { return .known(nil) }
        for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let number = Int(process), holds("socket:[\(inode)]", process: process) else { continue }
            let name = FileLook.text("/proc/\(process)/comm")?.prefix { $0 != "\n" } ?? "a program"
            return .known("\(name) (process \(number))")
        }
        return .unknown("who listens on \(path) cannot be seen")
    }

    /// Lines are `address: references protocol flags type state inode path`; flag 0x10000 is __SO_ACCEPTCON.
    static func inode(listeningOn path: String, in table: String) -> String? {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 7)
            if fields.count == 8, fields[7] == path, let flags = UInt32(fields[3], radix: 16),
                flags & 0x10000 != 0
            {
                return String(fields[6])
            }
        }
        return nil
    }

    private static func holds(_ link: String, process: String) -> Bool {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) == link
        }
    }
}
