import Foundation
import Testing

/// What tshark says of a capture file's frames, in the terms of `gatehouse decode`.
struct Tshark {
    /// Where the program is; nil when it is not installed.
    static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/tshark" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// One frame: what our line has before the reason, by tshark's fields.
    struct Frame: Equatable {
        var source = ""
        var destination = ""
        var ipProtocol = ""
        var sourcePort = ""
        var destinationPort = ""
        var fragment = "-"
        /// True when tshark gave up on a header, of whatever layer.
        var isMalformed = false
    }

    private static let fields = [
        "frame.protocols", "ip.src", "ip.dst", "ip.proto", "ip.frag_offset", "ip.flags.mf", "ipv6.src",
        "ipv6.dst", "ipv6.nxt", "ipv6.hopopts.nxt", "ipv6.routing.nxt", "ipv6.fraghdr.nxt",
        "ipv6.dstopts.nxt", "ah.next_header", "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "tcp.srcport",
        "tcp.dstport", "udp.srcport", "udp.dstport", "_ws.malformed",
    ]

    /// Reads every frame. Fragments stay as they are: reassembly would give the last one the ports of the first.
    static func frames(of file: String) throws -> [Frame] {
        let process = Process()
        process.executableURL = URL(filePath: try #require(path))
        process.arguments =
            ["-r", file, "-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
            + ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"] + fields.flatMap { ["-e", $0] }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map { line in
            frame(line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
        }
    }

    private static func frame(_ columns: [String]) -> Frame {
        let values = Dictionary(
            uniqueKeysWithValues: zip(
                fields, columns.map { $0.split(separator: ",").map(String.init) }))
        func first(_ field: String) -> String { values[field]?.first ?? "" }
        // A tunnel has both families: the outer one is named first.
        let layers = first("frame.protocols").split(separator: ":")
        var frame = Frame()
        frame.isMalformed = !first("_ws.malformed").isEmpty
        switch layers.first(where: { $0 == "ip" || $0 == "ipv6" }) {
        case "ip":
            frame.source = first("ip.src")
            frame.destination = first("ip.dst")
            frame.ipProtocol = first("ip.proto")
            let isLater = first("ip.frag_offset") != "0" && first("ip.frag_offset") != ""
            frame.fragment = isLater ? "later" : first("ip.flags.mf") == "1" ? "first" : "-"
        case "ipv6":
            frame.source = first("ipv6.src")
            frame.destination = first("ipv6.dst")
            followChain(values, into: &frame)
        default:
            return frame
        }
        guard frame.fragment != "later" else { return frame }
        // Behind other protocols the ports are those of what is inside.
        switch frame.ipProtocol {
        case "6": (frame.sourcePort, frame.destinationPort) = (first("tcp.srcport"), first("tcp.dstport"))
        case "17": (frame.sourcePort, frame.destinationPort) = (first("udp.srcport"), first("udp.dstport"))
        default: break
        }
        return frame
    }

    /// Walks the extension headers: tshark gives each kind's next headers as a list of its own.
    private static func followChain(_ values: [String: [String]], into frame: inout Frame) {
        var lists = values
        let field = [
            "0": "ipv6.hopopts.nxt", "43": "ipv6.routing.nxt", "44": "ipv6.fraghdr.nxt",
            "60": "ipv6.dstopts.nxt", "51": "ah.next_header",
        ]
        var next = values["ipv6.nxt"]?.first ?? ""
        var isAuthenticated = false
        while let name = field[next], let after = lists[name]?.first {
            lists[name]?.removeFirst()
            if next == "44" {
                let offset = lists["ipv6.fraghdr.offset"]?.first ?? "0"
                let more = lists["ipv6.fraghdr.more"]?.first ?? "0"
                lists["ipv6.fraghdr.offset"] = lists["ipv6.fraghdr.offset"]?.dropFirst().map { $0 }
                lists["ipv6.fraghdr.more"] = lists["ipv6.fraghdr.more"]?.dropFirst().map { $0 }
                if offset != "0" { frame.fragment = "later" } else if more == "1" { frame.fragment = "first" }
            }
            if next == "51" { isAuthenticated = true }
            next = after
            if frame.fragment == "later" { break }
        }
        // Rules read nothing behind an authentication header, and so do we.
        frame.ipProtocol = isAuthenticated ? "51" : next
    }
}
