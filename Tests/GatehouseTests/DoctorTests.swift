import Diagnosis
import Foundation
import Glibc
import Sessions
import TestSupport
import Testing

@testable import gatehouse

/// What `gatehouse doctor` reads of files of the kernel and of programs' words.
struct DoctorTests {
    @Test func rulesAreFoundByTheirHandles() {
        let listing = """
            table inet firewall {
            \tchain forward { # handle 1
            \t\ttype filter hook forward priority filter; policy drop;
            \t\ttcp dport 25 counter packets 0 bytes 0 drop # handle 7
            \t\tcomment "a # handle 3 of a door" accept # handle 12
            \t}
            }

            """
        let found = RuleTexts.handles(listing)
        #expect(found.map(\.0) == [7, 12])
        #expect(found.first?.1 == "tcp dport 25 counter packets 0 bytes 0 drop")
        #expect(found.last?.1 == "comment \"a # handle 3 of a door\" accept")
    }

    /// Whoever is told of a check at night can look it up.
    @Test func everyCheckIsInThePage() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/gatehouse/Gatehouse.docc/Doctor.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(Check.allCases.map(\.rawValue).filter { !text.contains("| `\($0)`") } == [])
    }

    @Test func interfacesAreNamed() {
        let table = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes
                lo:     100       1
              tun0:       0       0
            eth0.7:       0       0
            """
        #expect(HostLook.names(table) == ["lo", "tun0", "eth0.7"])
        #expect(HostLook.names("") == [])
    }

    @Test(arguments: [
        ("2026-06-25T04:33:59Z", "2026-06-25T04:33:59Z"),
        ("Thu, 25 Jun 2026 04:33:59 GMT", "2026-06-25T04:33:59Z"),
        ("Thu, 5 Feb 2026 04:33:59 GMT", "2026-02-05T04:33:59Z"), ("Thu, 31 Feb 2026 04:33:59 GMT", nil),
        ("Thu, 25 Jun 2026 04:33:59 CET", nil), ("25 Jun 2026", nil), ("", nil),
    ])
    func databasesSayWhenTheyWereMade(text: String, made: String?) {
        #expect(ControlMessages.CountryFile.instant(text)?.description == made)
    }

    /// A socket that listens, one that is connected, and one whose name begins alike.
    @Test func listenersAreFoundByPath() {
        let table = """
            Num       RefCount Protocol Flags    Type St Inode Path
            0000000000000000: 00000003 00000000 00000000 0001 03 11 /run/openvpn/m.sock
            0000000000000000: 00000002 00000000 00010000 0001 01 22 /run/openvpn/m.sock.new
            0000000000000000: 00000002 00000000 00010000 0001 01 33 /run/openvpn/m.sock
            0000000000000000: 00000002 00000000 00010000 0001 01 44
            """
        #expect(SocketLook.inode(listeningOn: "/run/openvpn/m.sock", in: table) == "33")
        #expect(SocketLook.inode(listeningOn: "/run/openvpn/other.sock", in: table) == nil)
        #expect(SocketLook.inode(listeningOn: "/run/openvpn/m.sock", in: "") == nil)
    }

    @Test func aDatabaseIsKnownByItsFirstBytes() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "gatehouse.sqlite")
        #expect(FileLook.store(folder.path).fault == "is not there")
        try Data("SQLite".utf8).write(to: file)
        #expect(FileLook.store(folder.path).fault == "is no database")
        try Data("SQLite format 3\0and more".utf8).write(to: file)
        #expect(FileLook.store(folder.path).fault == nil)
        #expect(FileLook.store(folder.path).path == file.path)
    }

    @Test func modesAndRoomAreRead() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(unsafe chmod(folder.path, 0o750) == 0)
        #expect(FileLook.permissions(folder.path).value?.mode == 0o750)
        #expect(FileLook.permissions(folder.path + "/none") == .unknown("\(folder.path)/none: is not there"))
        let space = try #require(FileLook.space(folder.path).value)
        #expect(space.totalBytes > 0 && space.freeBytes <= space.totalBytes)
    }

    @Test func scriptsGetStableNames() throws {
        let report = DoctorReport(
            [
                .ok(.daemon, "well"),
                Finding(.foreignDrop, "ip a b handle 1", .problem, "drops", why: "because", remedy: "undo"),
                .unknown(.clock, "who knows"),
            ], at: Instant(secondsSince1970: 0))
        #expect((report.problems, report.warnings, report.unknown) == (1, 0, 1))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(report.checks), as: UTF8.self)
        #expect(
            text == #"[{"id":"daemon","says":"well","state":"ok"},"#
                + #"{"id":"foreign.drop","remedy":"undo","says":"drops","state":"problem","subject":"ip a b handle 1","why":"because"},"#
                + #"{"id":"host.clock","says":"who knows","state":"unknown"}]"#)
    }
}
