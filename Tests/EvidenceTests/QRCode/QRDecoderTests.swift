import Foundation
import TestSupport
import Testing

@testable import Evidence

/// What a decoder that others wrote reads: `zbarimg` of zbar-tools, of pictures of the codes.
@Suite(.enabled(if: Zbar.isInstalled, "needs zbarimg (zbar-tools)")) struct QRDecoderTests {
    /// Around the size at which each version is full, and what is between.
    static let sizes = Set(
        [14, 26, 42, 62, 84, 106, 122, 152, 180].flatMap { [$0, $0 + 1] }
            + stride(from: 1, through: 213, by: 6)
    )
    .union([213]).sorted()

    /// Text that no decoder takes for another encoding.
    private static func text(_ count: Int) -> String {
        var random = Seeded(UInt64(count))
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/?&=%.-_~@")
        return String((0..<count).map { _ in letters[.random(in: 0..<letters.count, using: &random)] })
    }

    @Test func readsEverySize() throws {
        #expect(Self.sizes.count >= 30)
        let texts = Self.sizes.map(Self.text)
        let codes = try texts.map { try #require(QRCode(Array($0.utf8))) }
        #expect(Set(codes.map(\.version)) == Set(1...10))
        #expect(try Zbar.read(codes.map(QRCodeGoldenTests.drawing)) == texts)
    }

    @Test func readsEveryMask() throws {
        let text = Self.text(100)
        let codes = try (0..<8).map { try #require(QRCode(Array(text.utf8), mask: $0)) }
        #expect(try Zbar.read(codes.map(QRCodeGoldenTests.drawing)) == codes.map { _ in text })
    }

    /// What is committed, not what is made now.
    @Test func readsTheGoldenOnes() throws {
        var drawings: [String] = []
        for version in 1...10 {
            let file = QRCodeGoldenTests.folder.appending(path: "version-\(version).txt")
            let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
            drawings.append(lines.dropFirst(2).joined(separator: "\n"))
        }
        #expect(try Zbar.read(drawings) == (1...10).map { QRCodeGoldenTests.payloads[$0] })
    }

    /// A smear of six by six modules in the middle: the check bytes are what repairs it.
    @Test func readsThroughASmear() throws {
        let texts = [84, 122, 180, 213].map(Self.text)
        let drawings = try texts.map { text in
            let code = try #require(QRCode(Array(text.utf8)))
            var rows = QRCodeGoldenTests.drawing(code).split(separator: "\n").map(Array.init)
            // Beside the alignment pattern, which readers look for.
            for row in 12..<18 {
                for column in 12..<18 { rows[row][column] = rows[row][column] == "#" ? "." : "#" }
            }
            return rows.map { String($0) }.joined(separator: "\n")
        }
        #expect(try Zbar.read(drawings) == texts)
    }
}

/// The program `zbarimg`, which reads codes in pictures.
enum Zbar {
    static let isInstalled = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/zbarimg") }

    /// What is in each code; nil for one that cannot be read.
    static func read(_ drawings: [String]) throws -> [String?] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-qr-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (number, drawing) in drawings.enumerated() {
            try Data(picture(drawing).utf8).write(to: folder.appending(path: "\(number).pbm"))
        }
        let command = """
            for number in $(seq 0 \(drawings.count - 1)); do
              echo "$number $(zbarimg --raw --quiet -S disable -S qrcode.enable \(folder.path)/$number.pbm 2>/dev/null || true)"
            done
            """
        let lines = try shell(command).split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        let found = Dictionary(
            lines.map { ($0.first.map(String.init), $0.dropFirst().first.map(String.init)) }
        ) { $1 }
        return drawings.indices.map { found[String($0)] ?? nil }
    }

    /// A portable bitmap, five dots to a module, in its quiet zone.
    private static func picture(_ drawing: String) -> String {
        let scale = 5
        let rows = drawing.split(separator: "\n")
        let side = rows.count + 2 * QRCode.quietZone
        let quiet = String(repeating: ".", count: QRCode.quietZone)
        let empty = Array(repeating: String(repeating: ".", count: side), count: QRCode.quietZone)
        let lines = (empty + rows.map { quiet + $0 + quiet } + empty).flatMap { row in
            let dots = row.map { String(repeating: $0 == "#" ? "1 " : "0 ", count: scale) }.joined()
            return Array(repeating: dots, count: scale)
        }
        return "P1\n\(side * scale) \(side * scale)\n" + lines.joined(separator: "\n") + "\n"
    }
}
