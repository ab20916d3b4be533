import CommandKit
import Testing

@Suite("Progress of a stage")
struct ProgressTests {
  @Test(
    "small amounts and slow rates are not shown as zero",
    arguments: [
      (0, 3_400_000, 5.0, "0.0/3.2 MiB, 0 %, 0 KiB/s"), (524_288, 3_400_000, 5, "0.5/3.2 MiB, 15 %, 102 KiB/s"),
      (10 << 20, 20 << 20, 5, "10/20 MiB, 50 %, 2.0 MiB/s"), (9 << 20, 300 << 20, 9, "9.0/300 MiB, 3 %, 1.0 MiB/s"),
      (300 << 20, 300 << 20, 10, "300/300 MiB, 100 %, 30 MiB/s"), (1_600_000, nil, 0, "1.5 MiB, 0 KiB/s"),
    ] as [(Int, Int?, Double, String)])
  func bytes(done: Int, total: Int?, seconds: Double, text: String) {
    #expect(ProgressUnit.bytes.text(done, of: total, seconds: seconds) == text)
  }

  @Test("other things are counted as a whole")
  func things() {
    #expect(ProgressUnit.things("records").text(1500, of: 3000, seconds: 2) == "1500/3000 records, 50 %, 750 records/s")
    #expect(ProgressUnit.things("batches").text(2, of: nil, seconds: 4) == "2 batches, 0 batches/s")
  }
}
