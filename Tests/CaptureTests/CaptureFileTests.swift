import Capture
import Foundation
import PacketSamples
import Testing

@Suite struct CaptureFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "gatehouse-capture-\(UUID().uuidString)")

    private func withFile(_ contents: [UInt8], _ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a.pcap")
        try Data(contents).write(to: file)
        try body(file.path)
    }

    @Test func regular() throws {
        let text = CaptureText()
        let packet = Bytes.ipv4(17, Bytes.udp(5353, 53))
        try withFile(text.pcapHeader(link: 101) + text.record(packet)) { path in
            let file = try CaptureFile(path: path)
            var reader = file.makeReader()
            let frame = try #require(try reader.next())
            #expect(unsafe Array(reader.bytes(of: frame)) == packet)
            #expect(file.length == 72)
            #expect(try reader.next() == nil)
        }
    }

    @Test func emptyFile() throws {
        try withFile([]) { path in
            var reader = try CaptureFile(path: path).makeReader()
            #expect(throws: CaptureError(offset: 0, reason: .endsInside("the file's magic number"))) {
                _ = try reader.next()
            }
        }
    }

    @Test func notThere() throws {
        let error = #expect(throws: CaptureUnreadable.self) { try CaptureFile(path: "/nowhere/a.pcap") }
        #expect(error?.description == "/nowhere/a.pcap: No such file or directory")
    }

    @Test func aFolder() throws {
        let error = #expect(throws: CaptureUnreadable.self) { try CaptureFile(path: "/") }
        #expect(error?.description == "/: Is a directory")
    }

    @Test func notRegular() throws {
        let file = try CaptureFile(path: "/dev/null")
        #expect(file.length == nil)
        var reader = file.makeReader()
        #expect(throws: CaptureError(offset: 0, reason: .endsInside("the file's magic number"))) {
            _ = try reader.next()
        }
    }
}
