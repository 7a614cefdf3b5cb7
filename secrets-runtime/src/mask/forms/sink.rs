/// Takes forms, each with the name of its encoding.
pub(super) type FormSink<'a> = &'a mut dyn FnMut(&'static str, &[u8]);
