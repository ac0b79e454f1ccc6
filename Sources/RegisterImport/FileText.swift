import PolicyLanguage

/// Makes UTF-8 of the bytes of a file: UTF-8 with or without a byte order mark, or UTF-16 with one, which is what Excel
/// ("Unicode text") and PowerShell before version 6 (`Export-Csv -Encoding Unicode`) write.
///
/// Nothing else is guessed at. A name in Windows-1252 that is taken for UTF-8 breaks loudly, but taken for Latin-1,
/// Latin-9 or Mac Roman it becomes some other name without a word.
enum FileText {
    /// The text, without a byte order mark.
    static func utf8(
        of bytes: [UInt8], file: String, limits: ImportLimits
    ) throws(ImportRefusal) -> [UInt8] {
        guard bytes.count <= limits.bytes else {
            throw ImportRefusal(
                .fileTooLarge, file: file, "the file is larger than \(limits.bytes >> 20) MiB")
        }
        guard !bytes.isEmpty else { throw ImportRefusal(.emptyFile, file: file, "the file says nothing") }
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            throw refusal(0, file, "this is a workbook or another archive: save it as 'CSV UTF-8'")
        }
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
            throw refusal(0, file, "this is UTF-32: expected UTF-8, or UTF-16 with a byte order mark")
        }
        if bytes.starts(with: [0xFF, 0xFE]) { return try utf16(bytes, isBigEndian: false, file) }
        if bytes.starts(with: [0xFE, 0xFF]) { return try utf16(bytes, isBigEndian: true, file) }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text.span)
        } catch {
            let offset = error.byteOffsets.lowerBound
            let byte = "0x" + String(text[offset], radix: 16, uppercase: true)
            throw refusal(
                offset + bytes.count - text.count, file,
                "found \(byte), which is no UTF-8: expected UTF-8 (in Excel, 'CSV UTF-8'), or UTF-16 with a byte "
                    + "order mark", before: text[..<offset])
        }
        if let offset = text.firstIndex(of: 0) {
            throw refusal(
                offset + bytes.count - text.count, file,
                "found a zero byte: expected text, in UTF-8 or in UTF-16 with a byte order mark",
                before: text[..<offset])
        }
        return text
    }

    private static func utf16(
        _ bytes: [UInt8], isBigEndian: Bool, _ file: String
    ) throws(ImportRefusal) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 2 + bytes.count / 8)
        var index = 2
        func unit(at index: Int) -> UInt32 {
            let (first, second) = (UInt32(bytes[index]), UInt32(bytes[index + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
        while index < bytes.count {
            guard index + 1 < bytes.count else {
                throw refusal(index, file, "UTF-16 ends in the middle of a character", before: text[...])
            }
            var value = unit(at: index)
            var length = 2
            if (0xD800..<0xDC00).contains(value), index + 3 < bytes.count {
                let low = unit(at: index + 2)
                if (0xDC00..<0xE000).contains(low) {
                    value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                    length = 4
                }
            }
            guard let scalar = Unicode.Scalar(value), value != 0 else {
                throw refusal(index, file, "found half a character of UTF-16", before: text[...])
            }
            if value < 0x80 {
                text.append(UInt8(value))
            } else {
                text += Array(UTF8.encode(scalar) ?? .init())
            }
            index += length
        }
        return text
    }

    private static func refusal(
        _ offset: Int, _ file: String, _ message: String, before text: ArraySlice<UInt8> = []
    ) -> ImportRefusal {
        let lines = text.count { $0 == UInt8(ascii: "\n") }
        let lineStart = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? text.startIndex
        let column = String(decoding: text[lineStart...], as: UTF8.self).count + 1
        return ImportRefusal(
            .notUTF8, file: file, line: lines + 1, column: column, "\(message) (at byte \(offset))")
    }
}
