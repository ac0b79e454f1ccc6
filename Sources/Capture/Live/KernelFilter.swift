import CLinux
import CPcap
import Glibc

/// A classic BPF program that the kernel runs on each packet before it copies anything: it picks by chance, then by
/// direction, and says how many bytes are copied. Without one the kernel would copy all, whatever libpcap was told.
struct KernelFilter {
    private var instructions: [gh_filter_instruction]

    /// The program that passes nothing.
    static let nothing = KernelFilter(instructions: [Self.give(0)])

    private init(instructions: [gh_filter_instruction]) { self.instructions = instructions }

    /// Compiles a filter in the language of pcap-filter(7) for an activated handle; nil when libpcap cannot.
    ///
    /// - Parameter sampling: One packet in this many is looked at; 0 and 1 are all.
    init?(_ text: String, sampling: UInt32, for handle: PcapHandle) {
        var program = unsafe bpf_program()
        // The netmask matters to filters for broadcast alone.
        guard unsafe pcap_compile(handle.pointer, &program, text, 1, 0xffff_ffff) == 0 else { return nil }
        defer { unsafe pcap_freecode(&program) }
        let compiled = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        instructions = Self.sample(sampling)
        unsafe instructions += compiled.map {
            gh_filter_instruction(code: $0.code, jump_true: $0.jt, jump_false: $0.jf, operand: $0.k)
        }
    }

    /// Jumps are relative, so what follows need not know of it.
    private static func sample(_ count: UInt32) -> [gh_filter_instruction] {
        guard count > 1 else { return [] }
        let limit = UInt32((UInt64(1) << 32) / UInt64(count) - 1)
        return [
            // BPF_LD | BPF_W | BPF_ABS of SKF_AD_OFF + SKF_AD_RANDOM (linux/filter.h): 32 random bits.
            gh_filter_instruction(code: 0x20, jump_true: 0, jump_false: 0, operand: 0xffff_f000 + 56),
            // BPF_JMP | BPF_JGT | BPF_K
            gh_filter_instruction(code: 0x25, jump_true: 0, jump_false: 1, operand: limit),
            give(0),
        ]
    }

    /// BPF_RET | BPF_K: the program's end, with the number of bytes to copy.
    private static func give(_ bytes: UInt32) -> gh_filter_instruction {
        gh_filter_instruction(code: 0x06, jump_true: 0, jump_false: 0, operand: bytes)
    }

    /// Puts the program into the kernel, in place of the one before, and asks the kernel whether it is there.
    ///
    /// Not by `pcap_setfilter`: that falls back to filtering in this process, and does so for the first block of
    /// frames in any case, with an interpreter that knows neither a packet's direction nor random numbers and so
    /// refuses everything.
    func attach(to descriptor: Int32) throws(SystemFailure) {
        let count = UInt16(clamping: instructions.count)
        let result = unsafe instructions.withUnsafeBufferPointer {
            guard let first = $0.baseAddress else { return Int32(-1) }
            return unsafe gh_attach_filter(descriptor, first, count)
        }
        guard result == 0 else { throw SystemFailure(errno: errno) }
        guard gh_filter_length(descriptor) == count else { throw SystemFailure(errno: ENOPROTOOPT) }
    }
}
