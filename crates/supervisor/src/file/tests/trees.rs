//! From text to tree: what a scalar says stays as it was written, and every key has its place.

use std::path::Path;

use bushbaby_node::settings::{Place, Tree, Value};

use crate::file::parse;

fn tree(text: &str) -> Tree {
    parse(text, Path::new("pipeline.yaml")).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn told(text: &str) -> String {
    let problems = parse(text, Path::new("pipeline.yaml")).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Writes a tree in one line, quoted scalars in quotes.
fn line(tree: &Tree) -> String {
    match &tree.value {
        Value::Null => "~".to_owned(),
        Value::Scalar(scalar) if scalar.quoted => format!("{:?}", scalar.text),
        Value::Scalar(scalar) => scalar.text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(" ")),
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}:{}", entry.key, line(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(" "))
        }
    }
}

#[test]
fn scalars_keep_their_text_and_their_quotes() {
    let text = "[012, 1_000, on, 1e3, \"12\", '12', 2s, 36h11, 16:9, yes, 0x1F, null, ~, '', .5]";
    assert_eq!(
        line(&tree(text)),
        r#"[012 1_000 on 1e3 "12" "12" 2s 36h11 16:9 yes 0x1F ~ ~ "" .5]"#
    );
    assert_eq!(
        line(&tree("a: |\n  one\n  two\nb: >\n  one\n  two\n")),
        r#"{a:"one\ntwo\n" b:"one two\n"}"#
    );
    assert_eq!(line(&tree("a:\nb: # remark\nc: one\n  two\n")), "{a:~ b:~ c:one two}");
}

#[test]
fn json_is_read_as_it_is() {
    let text = "{\n\t\"cameras\": {\"front\": {\"usb\": 0, \"on\": true, \"gst\": \"a \\u0021 b\\n\"}},\n\t\"list\": [1, 2.5e3, null]\n}";
    assert_eq!(
        line(&tree(text)),
        r#"{cameras:{front:{usb:0 on:true gst:"a ! b\n"}} list:[1 2.5e3 ~]}"#
    );
}

#[test]
fn every_key_and_value_knows_its_place() {
    let tree = tree("\u{feff}# first\r\ncameras:\r\n  für: {usb: 0,\r\n    size:   \"1x1\"}\r\n  back:\r\n");
    let cameras = &tree.as_map().unwrap()[0];
    assert_eq!(cameras.key_place, Place { line: 2, column: 1 });
    let front = &cameras.value.as_map().unwrap()[0];
    assert_eq!(
        (front.key_place, front.value.place),
        (Place { line: 3, column: 3 }, Place { line: 3, column: 8 })
    );
    assert_eq!(front.value.place_of("usb"), Place { line: 3, column: 14 });
    assert_eq!(front.value.place_of("size"), Place { line: 4, column: 13 });
    // Nothing stands where its key stands.
    assert_eq!(cameras.value.place_of("back"), Place { line: 5, column: 3 });
}

#[test]
fn anchors_aliases_and_merge_keys_work() {
    let text = "a: &base {x: 1, y: 2}\nb: *base\nc: {<<: *base, y: 3}\nd: {<<: [{x: 7}, *base], z: 1}\n";
    assert_eq!(
        line(&tree(text)),
        "{a:{x:1 y:2} b:{x:1 y:2} c:{y:3 x:1} d:{z:1 x:7 y:2}}"
    );
}

#[test]
fn an_empty_file_and_one_of_remarks_are_nothing() {
    for text in ["", "\n\n", "# only a remark\n", "---\n", "\u{feff}"] {
        assert_eq!(tree(text).value, Value::Null, "{text:?}");
    }
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    let broken = [
        "a: [1, 2\nb: 3\n",
        "a: {x: 1\n",
        "a: [1]]\n",
        "a: \"open\nb: 1\n",
        "a:\n\tb: 1\n",
        "a: b: c\n",
        "a: 1\n  b: 2\n",
        "a:\n    b: 1\n  c: 2\n",
        "a:\n  - 1\n b: 2\n",
        "each: */image\n",
        "a: !thing b\n",
        "a: @b\n",
        "a: 'b' c\n",
        "? [a, b]\n: 1\n",
        "[a]: 1\n",
        ": 1\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\nb: 2\na: 3\nb: 4\n",
        "a: &x [*x]\n",
        "<<: 5\n",
        "a: 1\n\u{1}: 2\n",
    ];
    let told: Vec<String> = broken
        .iter()
        .map(|text| format!("{text:?}\n{}\n", told(text)))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "a: [1, 2\nb: 3\n"
    error: no key can stand here
      --> pipeline.yaml:2:2
    hint: text that holds `: ` needs quotes; keys of one object start in the same column

    "a: {x: 1\n"
    error: the `{` that opens here is never closed
      --> pipeline.yaml:1:4

    "a: [1]]\n"
    error: this bracket closes nothing
      --> pipeline.yaml:1:7

    "a: \"open\nb: 1\n"
    error: a quote is never closed before this line
      --> pipeline.yaml:2:1
    hint: text in quotes that goes on in the next line is indented there

    "a:\n\tb: 1\n"
    error: a tab cannot indent a line
      --> pipeline.yaml:2:2
    hint: use spaces

    "a: b: c\n"
    error: no key can stand here
      --> pipeline.yaml:1:5
    hint: text that holds `: ` needs quotes; keys of one object start in the same column

    "a: 1\n  b: 2\n"
    error: no key can stand here
      --> pipeline.yaml:2:4
    hint: text that holds `: ` needs quotes; keys of one object start in the same column

    "a:\n    b: 1\n  c: 2\n"
    error: wanted `key: value` here
      --> pipeline.yaml:3:3
    hint: keys of one object start in the same column, each with a `:` and a space

    "a:\n  - 1\n b: 2\n"
    error: wanted `key: value` here
      --> pipeline.yaml:3:2
    hint: keys of one object start in the same column, each with a `:` and a space

    "each: */image\n"
    error: this `*` names an anchor that is not there
      --> pipeline.yaml:1:7
    hint: text that starts with `*` needs quotes, as in `each: "*/image"`

    "a: !thing b\n"
    error: tags such as `!thing` mean nothing here
      --> pipeline.yaml:1:11
    hint: put text that starts with `!` in quotes

    "a: @b\n"
    error: the character `@` cannot start a value
      --> pipeline.yaml:1:4
    hint: put the text in quotes

    "a: 'b' c\n"
    error: something follows the closing quote
      --> pipeline.yaml:1:8

    "? [a, b]\n: 1\n"
    error: a key must be text, got a list or an object
      --> pipeline.yaml:1:3

    "[a]: 1\n"
    error: a key must be text, got a list or an object
      --> pipeline.yaml:1:1

    ": 1\n"
    error: a key is missing before this `:`
      --> pipeline.yaml:1:1

    "a: 1\n---\nb: 2\n"
    error: a second document starts here, wanted one
      --> pipeline.yaml:2:1
    hint: remove the `---`, or keep the documents in two files

    "a: 1\nb: 2\na: 3\nb: 4\n"
    error: the key `a` is there twice, first at 1:1
      --> pipeline.yaml:3:1
    hint: remove one of them
    error: the key `b` is there twice, first at 2:1
      --> pipeline.yaml:4:1
    hint: remove one of them

    "a: &x [*x]\n"
    error: this alias stands within what it names: that would never end
      --> pipeline.yaml:1:8

    "<<: 5\n"
    error: `<<` takes in the keys of an object, got something else
      --> pipeline.yaml:1:1
    hint: write it as `<<: *name`

    "a: 1\n\u{1}: 2\n"
    error: the character `\u{1}` cannot start a value
      --> pipeline.yaml:2:1
    hint: put the text in quotes
    "#);
}

#[test]
fn depth_is_bounded_also_through_aliases() {
    assert!(parse(&("[".repeat(60) + &"]".repeat(60)), Path::new("a")).is_ok());
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "[".repeat(70) + &"]".repeat(70),
    ] {
        assert_eq!(parse(&text, Path::new("a")).unwrap_err().len(), 1);
    }
    let mut chain = format!("a0: &a0 {}{}\n", "[".repeat(20), "]".repeat(20));
    for n in 1..2000 {
        chain += &format!("a{n}: &a{n} {}*a{}{}\n", "[".repeat(20), n - 1, "]".repeat(20));
    }
    assert!(told(&chain).contains("nested deeper than 64"), "{}", told(&chain));
}

#[test]
fn aliases_cannot_blow_a_file_up() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
    }
    assert!(
        told(&bomb).contains("the aliases copy more than 10 MB"),
        "{}",
        told(&bomb)
    );
    let giant = format!(
        "a: &a \"{}\"\nb: [{}]\n",
        "x".repeat(900_000),
        vec!["*a"; 10_000].join(", ")
    );
    assert!(told(&giant).contains("the aliases copy more than 10 MB"));
    assert!(told(&format!("a: \"{}\"", "x".repeat(1_000_001))).contains("larger than 1 MB"));
}
