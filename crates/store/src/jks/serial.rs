//! Gets past a serialized Java object, after the grammar of the Java Object Serialization
//! Specification §6.4.2, without building anything of it.
//!
//! Every step takes at least a byte of input, and nesting is limited, so that the work and the
//! stack are bounded by the input's size.

use super::{JksError, layout::Cursor};

const HEADER: u32 = 0xACED_0005;
const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS_DESCRIPTION: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const BLOCK: u8 = 0x77;
const END_BLOCK: u8 = 0x78;
const LONG_BLOCK: u8 = 0x7A;
const LONG_STRING: u8 = 0x7C;
const ENUM: u8 = 0x7E;

/// What a description says: has a `writeObject` method; plain or externalizable; in blocks.
const WRITE_METHOD: u8 = 1;
const SERIALIZABLE: u8 = 2;
const EXTERNALIZABLE: u8 = 4;
const IN_BLOCKS: u8 = 8;

/// A sealed key is an object of two classes with four fields; this leaves room.
const MAX_DEPTH: u32 = 16;
const MAX_CLASSES: usize = 64;
const FIRST_HANDLE: u32 = 0x7E_0000;

/// Moves the cursor behind the object that begins there.
pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<(), JksError> {
    let at = cursor.place();
    if cursor.number()? != HEADER {
        return Err(cursor.damaged(at, "a serialized Java object"));
    }
    let mut stream = Stream {
        cursor,
        classes: Vec::new(),
        handles: 0,
    };
    stream.content(MAX_DEPTH)
}

struct Stream<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    classes: Vec<Class>,
    /// How many objects can be referred to so far.
    handles: u32,
}

struct Class {
    handle: u32,
    flags: u8,
    /// The first character of each field's type.
    fields: Vec<u8>,
    /// The class above it, by its place in `Stream::classes`.
    above: Option<usize>,
    /// What its elements are, if it is that of an array.
    element: Option<u8>,
}

impl Stream<'_, '_> {
    fn content(&mut self, depth: u32) -> Result<(), JksError> {
        let tag = self.cursor.byte()?;
        self.tagged(tag, depth)
    }

    fn tagged(&mut self, tag: u8, depth: u32) -> Result<(), JksError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.unknown())?;
        match tag {
            NULL => Ok(()),
            REFERENCE => self.cursor.number().map(drop),
            STRING => {
                self.handle();
                let length = self.cursor.short()?;
                self.cursor.take(length).map(drop)
            }
            LONG_STRING => {
                self.handle();
                let length = u64::from_be_bytes(self.cursor.array()?);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                self.cursor.take(length).map(drop)
            }
            OBJECT => self.object(depth),
            ARRAY => self.array(depth),
            ENUM => {
                self.class(depth)?;
                self.handle();
                self.content(depth)
            }
            _ => Err(self.unknown()),
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), JksError> {
        let class = self.class(depth)?.ok_or_else(|| self.unknown())?;
        self.handle();
        // Fields stand in the order from the uppermost class down.
        let mut line = Vec::new();
        let mut next = Some(class);
        while let Some(class) = next {
            if line.len() == MAX_CLASSES {
                return Err(self.unknown());
            }
            line.push(class);
            next = self.classes[class].above;
        }
        for class in line.into_iter().rev() {
            self.fields(class, depth)?;
        }
        Ok(())
    }

    fn fields(&mut self, class: usize, depth: u32) -> Result<(), JksError> {
        let flags = self.classes[class].flags;
        if flags & SERIALIZABLE != 0 {
            for at in 0..self.classes[class].fields.len() {
                self.value(self.classes[class].fields[at], depth)?;
            }
            if flags & WRITE_METHOD != 0 {
                self.annotation(depth)?;
            }
            Ok(())
        } else if flags & EXTERNALIZABLE != 0 && flags & IN_BLOCKS != 0 {
            self.annotation(depth)
        } else {
            Err(self.unknown())
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), JksError> {
        let class = self.class(depth)?.ok_or_else(|| self.unknown())?;
        let element = self.classes[class].element.ok_or_else(|| self.unknown())?;
        self.handle();
        let count = self.cursor.number()?;
        match width(element) {
            Some(width) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                self.cursor.take(count.saturating_mul(width)).map(drop)
            }
            None => {
                for _ in 0..count {
                    self.value(element, depth)?;
                }
                Ok(())
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Result<(), JksError> {
        match width(kind) {
            Some(width) => self.cursor.take(width).map(drop),
            None => self.content(depth),
        }
    }

    /// What `writeObject` methods add: blocks of data and objects up to an end mark.
    fn annotation(&mut self, depth: u32) -> Result<(), JksError> {
        loop {
            match self.cursor.byte()? {
                END_BLOCK => return Ok(()),
                BLOCK => {
                    let length = self.cursor.byte()?;
                    self.cursor.take(length.into())?;
                }
                LONG_BLOCK => {
                    self.cursor.sized()?;
                }
                tag => self.tagged(tag, depth)?,
            }
        }
    }

    /// The description of a class, new or referred to; `None` is Java's `null`.
    fn class(&mut self, depth: u32) -> Result<Option<usize>, JksError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.unknown())?;
        match self.cursor.byte()? {
            NULL => Ok(None),
            REFERENCE => {
                let handle = self.cursor.number()?.wrapping_sub(FIRST_HANDLE);
                let found = self.classes.iter().position(|it| it.handle == handle);
                found.map(Some).ok_or_else(|| self.unknown())
            }
            CLASS_DESCRIPTION => self.new_class(depth).map(Some),
            _ => Err(self.unknown()),
        }
    }

    fn new_class(&mut self, depth: u32) -> Result<usize, JksError> {
        let length = self.cursor.short()?;
        let name = self.cursor.take(length)?;
        let element = match name {
            [b'[', element, ..] => Some(*element),
            _ => None,
        };
        self.cursor.take(8)?;
        let handle = self.handle();
        let flags = self.cursor.byte()?;
        let fields = self.field_types(depth)?;
        self.annotation(depth)?;
        let above = self.class(depth)?;
        if self.classes.len() == MAX_CLASSES {
            return Err(self.unknown());
        }
        self.classes.push(Class {
            handle,
            flags,
            fields,
            above,
            element,
        });
        Ok(self.classes.len() - 1)
    }

    fn field_types(&mut self, depth: u32) -> Result<Vec<u8>, JksError> {
        let mut fields = Vec::new();
        for _ in 0..self.cursor.short()? {
            let kind = self.cursor.byte()?;
            let length = self.cursor.short()?;
            self.cursor.take(length)?;
            if width(kind).is_none() {
                self.content(depth)?;
            }
            fields.push(kind);
        }
        Ok(fields)
    }

    fn handle(&mut self) -> u32 {
        self.handles = self.handles.wrapping_add(1);
        self.handles.wrapping_sub(1)
    }

    fn unknown(&self) -> JksError {
        let at = self.cursor.place();
        self.cursor.damaged(at, "a serialized secret key")
    }
}

/// The bytes of a primitive type; `None` is an array or object.
fn width(kind: u8) -> Option<usize> {
    match kind {
        b'B' | b'Z' => Some(1),
        b'C' | b'S' => Some(2),
        b'F' | b'I' => Some(4),
        b'D' | b'J' => Some(8),
        _ => None,
    }
}
