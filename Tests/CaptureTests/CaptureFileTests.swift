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

    @Test func mapped() throws {
        let text = CaptureText()
        let packet = Bytes.ipv4(17, Bytes.udp(5353, 53))
        try withFile(text.pcapHeader(link: 101) + text.record(packet)) { path in
            let file = try CaptureFile(path: path)
            var reader = file.makeReader()
            let frame = try #require(try reader.next())
            #expect(unsafe file.withBytes(of: frame) { unsafe Array($0) } == packet)
            #expect(try reader.next() == nil)
        }
    }

    @Test func emptyFile() throws {
        try withFile([]) { path in
            var reader = try CaptureFile(path: path).makeReader()
            #expect(throws: CaptureError(offset: 0, reason: .endsInside("the file's magic number"))) {
                try reader.next()
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
        // Read to its end instead of mapped.
        #expect(try CaptureFile(path: "/dev/null").count == 0)
    }
}
