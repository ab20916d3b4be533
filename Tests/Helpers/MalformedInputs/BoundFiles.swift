/// A file around the bound of 65,536 bytes for a record without its line end. It begins and ends with a plain record,
/// which must be read from the right place.
private func bound(_ name: String, why: String, _ pieces: Piece...) -> MalformedFile {
  file("bound-\(name)", why: why, shortHeader, good, Piece(pieces.flatMap(\.bytes)), "00000005,店\n")
}

private let limit = 65_536
private let start = "12345675,"

/// A record of `count` bytes, with an unquoted last field.
private func plain(_ count: Int) -> Piece { repeated(start, 1) + repeated("x", count - 9) }
/// A record of `count` bytes that ends with a closing quote.
private func quoted(_ count: Int) -> Piece { repeated(start + "\"", 1) + repeated("x", count - 11) + "\"" }
/// The first `count` bytes of a record, ending inside quotes.
private func open(_ count: Int) -> Piece { repeated(start + "\"", 1) + repeated("x", count - 10) }

extension Piece {
  fileprivate static func + (left: Piece, right: Piece) -> Piece { Piece(left.bytes + right.bytes) }
}

let boundFiles = [
  bound("lf-before", why: "one below", plain(limit - 1), "\n"),
  bound("lf-at", why: "exactly at the bound is allowed (but the name is too long)", plain(limit), "\n"),
  bound("lf-over", why: "one over", plain(limit + 1), "\n"),
  bound("crlf-before", why: "CR is byte 65,536: line end", plain(limit - 1), "\r\n"),
  bound("crlf-at", why: "CR is the first byte behind the bound", plain(limit), "\r\n"),
  bound("crlf-over", why: "one over", plain(limit + 1), "\r\n"),
  bound("lone-cr-at", why: "a CR without LF does not end the record", plain(limit), "\rx\n"),
  bound("cr-last-inside", why: "a lone CR as the last byte allowed", plain(limit - 1), "\r,\n"),
  bound("quoted-lf-at", why: "a closing quote as the last byte allowed", quoted(limit), "\n"),
  bound("quoted-crlf-at", why: "and CRLF behind it", quoted(limit), "\r\n"),
  bound("quoted-comma-at", why: "closed, but the record continues: too long", quoted(limit), ",x\n"),
  bound("quoted-quote-at", why: "it was not closed: the next quote keeps it open", quoted(limit), "\"x\"\n"),
  bound("quoted-junk-at", why: "an invalid byte after a quote is found first", quoted(limit), "x\n"),
  bound("quoted-cr-at", why: "so is a CR without LF", quoted(limit), "\rx\n"),
  bound("open-at", why: "LF inside the quotes ends nothing", open(limit), "\n\"\n"),
  bound("open-closes-at", why: "a closing quote one byte too late", open(limit), "\"\n"),
  bound("open-closes-before", why: "the last byte allowed closes it", open(limit - 1), "\"\n"),
  bound("comma-last", why: "a comma as the last byte allowed, an open field behind it", plain(limit - 1), ",\n"),
  bound("comma-then-quote", why: "the quote at the bound has opened nothing yet", plain(limit - 1), ",\"\n", "\"\n"),
  bound(
    "line-feed-in-quotes", why: "the line ends in the quoted field although the record is too long behind it",
    "a,\"x\ny\",", repeated("b", 70_000), "\n"),
  bound(
    "line-feed-in-open-quotes", why: "the same, still open at the bound; then the long line by itself", "a,\"x\n",
    repeated("b", 70_000), "\n"),
  bound(
    "line-feeds-in-quotes", why: "many short lines in one endless field: each is read again from its start", "\"",
    repeated("20000003,好店\n", 4_400)),
  bound("long-line", why: "far over: raw is cut at 65,536 bytes", repeated("長", 40_000), "\r\n"),
  bound("long-open-line", why: "far over with a quote open", "\"", repeated("長", 40_000), "\r\n"),
  bound(
    "accepted", why: "white space is trimmed: a record of this length can be accepted", repeated(start, 1),
    repeated(" ", limit - 12), "店\n"),
  bound("all-blank", why: "65,537 empty fields are a blank record", repeated(",", limit), "\n"),
  bound("all-quotes", why: "32,767 quotes in quotes", repeated("\"", limit), "\n"),
  bound("cut-scalar", why: "raw is cut in the middle of a scalar", "x", repeated("長", 30_000), "\n"),
  file("bound-end-of-file-at", why: "a record may end with the file exactly there", shortHeader, good, plain(limit)),
  file("bound-end-of-file-over", why: "one over", shortHeader, good, plain(limit + 1)),
  file("bound-end-of-file-cr", why: "a last CR is data: one over", shortHeader, good, plain(limit), "\r"),
  file("bound-end-of-file-open", why: "open at the end and at the bound", shortHeader, good, open(limit)),
  file("bound-end-of-file-closed", why: "closed at the end and at the bound", shortHeader, good, quoted(limit)),
  file("bound-end-of-file-closed-cr", why: "a lone CR may not follow", shortHeader, good, quoted(limit), "\r"),
  file("bound-header-at", why: "allowed in a header", "統一編號,營業人名稱,", repeated("x", limit - 29), "\n20000003,店,\n"),
  file("bound-header-over", why: "one over", "統一編號,營業人名稱,", repeated("x", limit - 28), "\n20000003,店,\n"),
  file(
    "bound-bom-header", why: "the BOM is no part of the record", byteOrderMark, "統一編號,營業人名稱,",
    repeated("x", limit - 29), "\n20000003,店,\n"),
  file(
    "bound-stamp", why: "still a stamp", shortHeader, "01-SEP-26,", repeated(" ", limit - 10), "\n", good
  ),
]
