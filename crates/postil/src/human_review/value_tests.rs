use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Accepted, Choice, Rules, check, number};
use crate::human_review::{Config, Kind};

fn rules(kind: Kind, options: &[&str], config: Config) -> Rules {
    let options = options.iter().map(|value| Choice { value: (*value).to_owned() }).collect();
    Rules { kind, config, options }
}

fn rating() -> Rules {
    rules(Kind::SingleSelect, &["good", "bad"], Config::default())
}

fn score(step: Option<f64>) -> Rules {
    rules(Kind::Range, &[], Config { min: Some(0), max: Some(10), step, max_length: None })
}

fn plain(kind: Kind) -> Rules {
    rules(kind, &["a", "b"], Config::default())
}

#[track_caller]
fn refused(rules: &Rules, value: Value) -> String {
    check(rules, &value, 3000, "annotations[0].value").unwrap_err().to_string()
}

#[track_caller]
fn accepted(rules: &Rules, value: Value) -> Accepted {
    check(rules, &value, 3000, "annotations[0].value").unwrap()
}

#[test]
fn every_digit_of_a_number_is_kept() {
    // A parser that only comes close reads …544e-30.
    let sent = serde_json::from_str("1.3880813938821545e-30").unwrap();
    assert_eq!(accepted(&score(None), sent).json, "1.3880813938821545e-30");
}

#[test]
fn errors_are_in_the_words_of_the_guide() {
    assert_eq!(refused(&rating(), json!("poor")), "Invalid value: poor. Valid options are: good, bad.");
    assert_eq!(refused(&rating(), json!(["poor"])), "Invalid value: poor. Valid options are: good, bad.");
    assert_eq!(refused(&score(None), json!(15)), "Value 15 is out of range [0, 10].");
    assert_eq!(refused(&score(None), json!(15.0)), "Value 15 is out of range [0, 10].");
    assert_eq!(refused(&score(None), json!(-0.5)), "Value -0.5 is out of range [0, 10].");
    let short = rules(Kind::Text, &[], Config { max_length: Some(200), ..Config::default() });
    let sentence = "String value exceeds maximum length of 200 characters.";
    assert_eq!(refused(&short, json!("x".repeat(201))), sentence);
    assert_eq!(check(&plain(Kind::Text), &json!("x".repeat(201)), 200, "f").unwrap_err().to_string(), sentence);
}

#[test]
fn a_limit_counts_characters_and_not_bytes() {
    for character in ["x", "ż", "🌵"] {
        accepted(&plain(Kind::Text), json!(character.repeat(3000)));
        let sentence = "String value exceeds maximum length of 3000 characters.";
        assert_eq!(refused(&plain(Kind::Text), json!(character.repeat(3001))), sentence);
    }
}

#[test]
fn strings_inside_lists_are_limited_too_unless_they_are_options() {
    let long = "x".repeat(201);
    let choices = rules(Kind::MultiSelect, &[&long], Config::default());
    assert!(check(&choices, &json!([long]), 200, "f").is_ok());
    let message = check(&choices, &json!(["y".repeat(201)]), 200, "f").unwrap_err().to_string();
    assert_eq!(message, "String value exceeds maximum length of 200 characters.");
}

#[test]
fn a_single_select_is_stored_as_a_string_however_it_came() {
    assert_eq!(accepted(&rating(), json!("good")), accepted(&rating(), json!(["good"])));
    assert_eq!(accepted(&rating(), json!(["good"])).json, "\"good\"");
    assert!(refused(&rating(), json!(["good", "bad"])).starts_with("Invalid value: good, bad. Give exactly one"));
}

#[test]
fn whole_numbers_are_the_same_with_and_without_a_fraction() {
    assert_eq!(accepted(&score(None), json!(1)), accepted(&score(None), json!(1.0)));
    assert_eq!(accepted(&score(None), json!(1.0)).json, "1");
    assert_eq!(accepted(&score(None), json!(-0.0)).json, "0");
    assert_eq!(accepted(&score(None), json!(0.95)).json, "0.95");
}

#[test]
fn repeated_choices_collapse_and_keep_their_order() {
    assert_eq!(accepted(&plain(Kind::MultiSelect), json!(["b", "a", "b"])).json, r#"["b","a"]"#);
}

#[test]
fn numbers_keep_the_steps_of_a_range() {
    for good in [0.0, 0.1, 0.3, 0.7, 9.9, 10.0] {
        accepted(&score(Some(0.1)), json!(good));
    }
    assert_eq!(refused(&score(Some(0.5)), json!(2.3)), "Value 2.3 is not in steps of 0.5 from 0.");
}

#[test]
fn only_a_boolean_takes_true_and_false_and_it_takes_nothing_else() {
    assert_eq!(accepted(&plain(Kind::Boolean), json!(false)).text.as_deref(), Some("false"));
    for value in [json!("true"), json!(1), json!(["true"])] {
        assert!(refused(&plain(Kind::Boolean), value).ends_with("Valid options are: true, false."));
    }
    for kind in [Kind::SingleSelect, Kind::MultiSelect, Kind::Range, Kind::Text, Kind::Correction] {
        let mut rules = score(None);
        rules.kind = kind;
        assert!(refused(&rules, json!(true)).starts_with("Invalid value: true."));
    }
}

#[test]
fn values_of_no_form_at_all_are_refused() {
    for kind in Kind::ALL {
        for value in [json!(null), json!({}), json!([]), json!([1]), json!(["a", null]), json!([["a"]])] {
            let message = refused(&plain(kind), value);
            assert!(message.starts_with("annotations[0].value must be"), "{message}");
        }
    }
}

#[test]
fn a_number_keeps_its_last_digit() {
    let mut rules = plain(Kind::Range);
    rules.config = Config { min: Some(0), max: Some(10), step: None, max_length: None };
    for text in ["9.81781777462483e-42", "1.3519796669318969e-306", "7.000000000000001"] {
        let given: Value = serde_json::from_str(text).unwrap();
        let stored = check(&rules, &given, 3000, "f").unwrap();
        assert_eq!((stored.json.as_str(), stored.number), (text, text.parse().ok()));
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        Just(json!("a")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..20i32).prop_map(Value::from),
        prop::collection::vec(prop_oneof![Just("a".to_owned()), Just("b".to_owned()), any::<String>()], 0..5)
            .prop_map(Value::from),
        Just(Value::Null),
    ]
}

proptest! {
    #[test]
    fn what_is_accepted_is_json_and_is_accepted_again_unchanged(value in any_value(), kind in 0usize..6) {
        let mut rules = plain(Kind::ALL[kind]);
        rules.config = Config { min: Some(0), max: Some(10), step: None, max_length: None };
        if let Ok(stored) = check(&rules, &value, 3000, "f") {
            let again: Value = serde_json::from_str(&stored.json).unwrap();
            prop_assert_eq!(check(&rules, &again, 3000, "f").unwrap(), stored.clone());
            prop_assert!(stored.text.is_none_or(|text| text.len() <= 255));
        }
    }

    #[test]
    fn a_range_accepts_exactly_what_lies_between_its_bounds(given in -20.0f64..20.0) {
        prop_assert_eq!(check(&score(None), &json!(given), 3000, "f").is_ok(), (0.0..=10.0).contains(&given));
    }

    #[test]
    fn numbers_read_back_as_they_were(given in any::<f64>().prop_filter("finite", |given| given.is_finite())) {
        prop_assert_eq!(number(given).parse::<f64>().unwrap(), given + 0.0);
    }
}
