/// Check bytes of a Reed–Solomon code over GF(256), with the field and the generators of QR codes (§7.5, annex A).
struct ReedSolomon {
    /// The product of (x - 2^i) for i below the number of check bytes: highest power first, and the highest, which is
    /// one, left out.
    private let generator: [UInt8]

    init(checkCount: Int) {
        var product: [UInt8] = [1]
        var root: UInt8 = 1
        for _ in 0..<checkCount {
            // Times x, plus times the root; in this field minus is plus.
            var next = product + [0]
            for (index, coefficient) in product.enumerated() {
                next[index + 1] ^= Self.multiply(coefficient, root)
            }
            product = next
            root = Self.multiply(root, 2)
        }
        generator = Array(product.dropFirst())
    }

    /// The remainder of the data, as a polynomial, by the generator.
    func checkBytes(of data: [UInt8]) -> [UInt8] {
        var remainder = [UInt8](repeating: 0, count: generator.count)
        for byte in data {
            let factor = byte ^ remainder.removeFirst()
            remainder.append(0)
            for (index, coefficient) in generator.enumerated() {
                remainder[index] ^= Self.multiply(coefficient, factor)
            }
        }
        return remainder
    }

    /// Modulo x⁸ + x⁴ + x³ + x² + 1.
    static func multiply(_ one: UInt8, _ other: UInt8) -> UInt8 {
        var (product, one, other) = (UInt8(0), one, other)
        while other != 0 {
            if other & 1 == 1 { product ^= one }
            one = one << 1 ^ (one & 0x80 == 0 ? 0 : 0x1D)
            other >>= 1
        }
        return product
    }
}
