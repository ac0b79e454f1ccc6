import Foundation
import FuzzProperties
import PacketPath
import PacketSamples
import Testing

/// What the fuzzers check, on the inputs that they keep (Tests/Fuzz/Corpus), in every run of the tests.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/Corpus")

    private static func kept(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: target.rawValue), includingPropertiesForKeys: nil)
        return try files.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }

    @Test(.timeLimit(.minutes(30)), arguments: FuzzTarget.allCases)
    func inputs(_ target: FuzzTarget) async throws {
        let kept = try Self.kept(target)
        #expect(kept.count > 10, "no corpus: this test would see nothing")
        for (name, bytes) in kept {
            // There are as many threads as cores, and others wait for one.
            await Task.yield()
            let violation = target.violation(in: bytes)
            #expect(violation == nil, "\(target.rawValue)/\(name)")
        }
    }

    /// A seed that the fuzzer cuts off would be no sound input.
    @Test(arguments: FuzzTarget.allCases) func seedsFit(_ target: FuzzTarget) throws {
        let seeds = target.seeds
        #expect(seeds.allSatisfy { $0.count <= target.maximumLength })
        #expect(try !seeds.isEmpty || !Self.kept(target).isEmpty)
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
