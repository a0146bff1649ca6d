// The part of the C ABI that this plugin uses, as in portico/abi/{base,host,plugin,routes,exchange}.h.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub type Status = i32;
pub type Handle = u64;
pub const OK: Status = 0;
pub const E_PROBLEM: Status = -6;
pub const E_INTERNAL: Status = -7;
pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 0;
pub const ACCESS_ANYONE: u32 = 1;
pub const VALUE_PATH: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const u8,
    pub size: u64,
}

impl Str {
    pub const fn empty() -> Str {
        Str { data: std::ptr::null(), size: 0 }
    }
    pub const fn of(text: &str) -> Str {
        Str { data: text.as_ptr(), size: text.len() as u64 }
    }
    /// The bytes, valid as long as the ABI says of the call that gave them.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data, self.size as usize)
        }
    }
}

#[repr(C)]
pub struct Error {
    pub size: u32,
    pub status: i32,
    pub retry_after_s: i32,
    pub reserved: u32,
    pub code: [u8; 96],
    pub detail: [u8; 416],
    pub members: [u8; 3584],
}

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_minor: u32,
    pub context: *mut c_void,
    pub extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub release: unsafe extern "C" fn(*const Host, Handle),
}

#[repr(C)]
pub struct Plugin {
    pub size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub start: unsafe extern "C" fn(*mut Plugin, *mut Error) -> Status,
    pub stop: unsafe extern "C" fn(*mut Plugin),
    pub destroy: unsafe extern "C" fn(*mut Plugin),
}

#[repr(C)]
pub struct Entry {
    pub size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub create: unsafe extern "C" fn(*const Host, *mut *mut Plugin, *mut Error) -> Status,
}

#[repr(C)]
pub struct Route {
    pub size: u32,
    pub access: u32,
    pub csrf: u32,
    pub cache_scope: u32,
    pub flags: u32,
    pub reserved: u32,
    pub method: Str,
    pub pattern: Str,
    pub lane: Str,
    pub rate_class: Str,
    pub body_limit: u64,
    pub deadline_ms: i64,
    pub cache_fresh_ms: i64,
    pub cache_revalidate_ms: i64,
    pub cache_stale_ms: i64,
    pub cache_tags: Str,
    pub summary: Str,
    pub schemas: Str,
    pub handler: unsafe extern "C" fn(*mut c_void, Handle, *mut Error) -> Status,
    pub user: *mut c_void,
}

#[repr(C)]
pub struct Routes {
    pub size: u32,
    pub reserved: u32,
    pub add: unsafe extern "C" fn(*const Host, *const Route, *mut Error) -> Status,
}

#[repr(C)]
pub struct Answer {
    pub size: u32,
    pub status: i32,
    pub content_type: Str,
    pub body: Str,
    pub headers: *const c_void,
    pub header_count: u64,
}

/// The table's beginning; what follows is not used here.
#[repr(C)]
pub struct Exchange {
    pub size: u32,
    pub reserved: u32,
    pub field: unsafe extern "C" fn(*const Host, Handle, u32, *mut Str) -> Status,
    pub value: unsafe extern "C" fn(*const Host, Handle, u32, Str, *mut Str) -> Status,
    pub principal: *const c_void,
    pub remaining_us: unsafe extern "C" fn(*const Host, Handle) -> i64,
    pub cancelled: unsafe extern "C" fn(*const Host, Handle) -> u32,
    pub answer: unsafe extern "C" fn(*const Host, Handle, *const Answer) -> Status,
}

/// The manifest as an ELF note: the host reads it before any code of the plugin runs.
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    name_size: u32,
    text_size: u32,
    kind: u32,
    name: [u8; 8],
    text: [u8; N],
}

impl<const N: usize> Note<N> {
    pub const fn of(text: &[u8; N]) -> Note<N> {
        Note { name_size: 8, text_size: N as u32, kind: 1, name: *b"Portico\0", text: *text }
    }
}
