let banFiles = [
  file(
    "ban-forms", why: "exactly eight ASCII digits", shortHeader,
    "1234567,店\n123456755,店\n１２３４５６７５,店\n1234567x,店\n-1234567,店\n12345675.0,店\n", good),
  file("ban-leading-zeros", why: "text, never a number", shortHeader, "00000000,店\n00000005,店\n5,店\n"),
  file(
    "ban-seventh-seven", why: "its product counts as 1 or as 0", shortHeader,
    "00000070,店\n00000074,店\n00000073,店\n12345675,店\n12345670,店\n"),
  file(
    "ban-check-digit", why: "by 5, not by 10; a failed check is a warning", shortHeader,
    "20000003,店\n20000008,店\n20000004,店\n90000001,店\n"),
  file("ban-before-name", why: "both wrong: the BAN is named", shortHeader, "x,\n12345675,\n", good),
  file(
    "ban-duplicate", why: "the second record is removed, whatever its values are", shortHeader, good,
    "20000003,other\n\"20000003\" \n\"20000003\",店\n 20000003 ,店\n"),
  file(
    "ban-duplicate-of-a-reject", why: "a rejected record does not use up its BAN", shortHeader,
    "20000003,\n20000003,a,b\n\"20000003\"x\n", good, good),
  file(
    "ban-duplicate-warnings", why: "a duplicate carries no warnings, and its name without code is not counted",
    "統一編號,營業人名稱,資本額,名稱\n12345678,店,x,豆\n12345678,店,x,豆\n"),
  file(
    "headquarters-forms", why: "eight ASCII digits or NULL; the check digit is not checked",
    "統一編號,營業人名稱,總機構統一編號\n12345675,店,12345678\n20000003,店,1234567\n00000005,店,０1234567\n10000004,店,\"NA\"\n00000011,店,\n"
  ),
  file(
    "all-warnings", why: "in the order of the rules, slots ascending", fullHeader,
    "路,12345678,x,店,x,x,x,x,x,豆,x,,y,,z,\n"),
]
