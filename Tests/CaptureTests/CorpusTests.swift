import Foundation
import FuzzProperties
import PacketPath
import PacketSamples
import Testing

/// What the fuzzers check, on the inputs that they keep (Tests/Fuzz/Corpus), in every run of the tests.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/Corpus")

    private static func inputs(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: name), includingPropertiesForKeys: nil)
        return try files.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }

    @Test func decode() throws {
        let inputs = try Self.inputs("decode")
        #expect(inputs.count > 100, "no corpus: this test would see nothing")
        for (name, bytes) in inputs {
            let violation = DecodeProperties.violation(in: bytes)
            #expect(violation == nil, "\(name)")
        }
    }

    @Test func capture() throws {
        let inputs = try Self.inputs("capture")
        #expect(inputs.count > 100, "no corpus: this test would see nothing")
        for (name, bytes) in inputs {
            let violation = CaptureProperties.violation(in: bytes)
            #expect(violation == nil, "\(name)")
        }
    }

    /// The kept inputs are the fewest that reach all the code; this is every kind of frame by its name.
    @Test(arguments: PacketSample.all)
    func sample(_ sample: PacketSample) {
        for cut: UInt16 in [0, 9] {
            let link = LinkType(number: sample.link, bigEndian: false)
            #expect(
                DecodeProperties.violation(in: DecodeProperties.input(sample.bytes, link: link, cut: cut))
                    == nil)
        }
    }
}
