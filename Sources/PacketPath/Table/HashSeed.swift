/// The secret of a table's hash: four words, made of the 128-bit key that the owner gave.
///
/// The hash is multiply-and-fold over sums with secret words, the NH of UMAC (RFC 4418 section 5.2.2) at
/// 64 bits: two keys chosen without the secret have the same product with a probability of about 2^-64,
/// whatever the keys are. Whoever picks addresses in a /64 therefore cannot pick a crowded line. It is no MAC:
/// a hash value that leaked would give the secret away, so none leaves this module.
@usableFromInline
struct HashSeed: BitwiseCopyable, Sendable, Equatable {
    @usableFromInline let a: UInt64
    @usableFromInline let b: UInt64
    @usableFromInline let c: UInt64
    @usableFromInline let d: UInt64

    /// The seed of one generation of a table: another generation, another placement of every key.
    init(key: (UInt64, UInt64), generation: UInt64) {
        var state = key.0 ^ Self.mixed(key.1 &+ generation &* 0xd1b5_4a32_d192_ed03)
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            return Self.mixed(state) ^ key.1
        }
        a = next()
        b = next() | 1
        c = next()
        d = next()
    }

    /// The finisher of SplitMix64: every bit of the input moves half the bits of the output.
    private static func mixed(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word &>> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word &>> 31)
    }
}
