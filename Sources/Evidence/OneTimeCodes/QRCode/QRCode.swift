/// A QR code of bytes (ISO/IEC 18004:2015): byte mode, error correction level M, versions 1 to 10.
///
/// For what phones read off a terminal: the address of a one-time-code seed. Level M repairs some 15 % of a symbol, which
/// a screen never needs and a photograph of one may. Larger versions would be wider than a terminal.
///
/// Whoever makes one of a secret has the secret in it, and keeps it as such.
package struct QRCode: Sendable, Hashable {
    /// 1 to 10; the smallest that has room.
    package let version: Int
    /// Which of the eight data masks was taken: the one whose symbol is the easiest to read.
    package let mask: Int
    private let symbol: QRSymbol

    /// As many as version 10 holds at level M.
    package static let maximumBytes = 213

    /// Nil for more bytes than there is room for.
    ///
    /// Cost: a few hundred thousand steps, for the eight masks that are weighed.
    package init?(_ bytes: [UInt8]) {
        let codes = (0..<8).compactMap { QRCode(bytes, mask: $0) }.map { (code: $0, penalty: $0.penalty) }
        guard let best = codes.min(by: { $0.penalty < $1.penalty }) else { return nil }
        self = best.code
    }

    /// Under a mask that somebody chose.
    init?(_ bytes: [UInt8], mask: Int) {
        guard let version = QRVersion.all.first(where: { $0.byteCapacity >= bytes.count }) else { return nil }
        var blank = QRSymbol(version)
        blank.place(version.codewords(of: bytes))
        self.version = version.number
        self.mask = mask
        symbol = blank.masked(mask)
    }

    /// Modules on each side: 21 to 57. Whoever shows it leaves four light ones around it, the quiet zone.
    package var side: Int { symbol.side }

    /// From the top left; light outside of the symbol.
    package func isDark(row: Int, column: Int) -> Bool {
        guard (0..<side).contains(row), (0..<side).contains(column) else { return false }
        return symbol[row, column]
    }

    /// How hard it is to read; of eight masks the one with the least is taken.
    var penalty: Int { symbol.penalty }

    /// How many light modules readers want around a symbol (§9.1).
    package static let quietZone = 4
}
