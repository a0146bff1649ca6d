// Greets people by name, in Rust on the C ABI with nothing but the standard library: one route.
mod abi;

use abi::*;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

const LONGEST_NAME: usize = 100;

#[used]
#[link_section = ".note.portico.manifest"]
static MANIFEST: Note<{ include_bytes!("manifest.json").len() }> = Note::of(include_bytes!("manifest.json"));

struct Hello {
    plugin: Plugin,
    host: *const Host,
    exchange: *const Exchange,
}

struct Problem {
    status: i32,
    code: &'static str,
    detail: String,
}

fn copy(out: &mut [u8], text: &str) {
    let size = text.len().min(out.len() - 1);
    out[..size].copy_from_slice(&text.as_bytes()[..size]);
    out[size] = 0;
}

/// Runs what the host called: a failure becomes a status, and no panic crosses the boundary.
fn guard(error: *mut Error, work: impl FnOnce() -> Result<Status, Problem>) -> Status {
    let problem = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(status)) => return status,
        Ok(Err(problem)) => problem,
        Err(_) => Problem { status: 500, code: "internal", detail: "a panic".to_string() },
    };
    // The host gives a whole portico_error to every call that may fail.
    if let Some(out) = unsafe { error.as_mut() } {
        out.status = problem.status;
        copy(&mut out.code, problem.code);
        copy(&mut out.detail, &problem.detail);
    }
    E_PROBLEM
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

fn greet(name: &[u8]) -> Result<String, Problem> {
    if name.len() > LONGEST_NAME {
        let detail = format!("{} bytes", name.len());
        return Err(Problem { status: 422, code: "hello_rust.name_too_long", detail });
    }
    let name = String::from_utf8_lossy(name);
    Ok(format!("{{\"message\":{}}}", json_text(&format!("Hello, {}", name))))
}

unsafe extern "C" fn answer(user: *mut c_void, exchange: Handle, error: *mut Error) -> Status {
    guard(error, || {
        let hello = &*(user as *const Hello);
        let table = &*hello.exchange;
        let mut name = Str::empty();
        let status = (table.value)(hello.host, exchange, VALUE_PATH, Str::of("name"), &mut name);
        if status != OK {
            return Ok(status);
        }
        let body = greet(name.bytes())?;
        let answer = Answer {
            size: std::mem::size_of::<Answer>() as u32,
            status: 200,
            content_type: Str::of("application/json"),
            body: Str::of(&body),
            headers: std::ptr::null(),
            header_count: 0,
        };
        Ok((table.answer)(hello.host, exchange, &answer))
    })
}

unsafe fn extension<T>(host: *const Host, id: &'static [u8]) -> Result<*const T, Problem> {
    let table = ((*host).extension)(host, id.as_ptr() as *const c_char);
    // Every table begins with its size: an older host has a shorter one.
    if table.is_null() || (*(table as *const u32) as usize) < std::mem::size_of::<T>() {
        let detail = String::from_utf8_lossy(id).to_string();
        return Err(Problem { status: 500, code: "hello_rust.no_host", detail });
    }
    Ok(table as *const T)
}

unsafe extern "C" fn start(plugin: *mut Plugin, error: *mut Error) -> Status {
    guard(error, || {
        let hello = &mut *((*plugin).context as *mut Hello);
        let routes: *const Routes = extension(hello.host, b"portico.routes/1\0")?;
        hello.exchange = extension(hello.host, b"portico.exchange/1\0")?;
        let route = Route {
            size: std::mem::size_of::<Route>() as u32,
            access: ACCESS_ANYONE,
            csrf: 0,
            cache_scope: 0,
            flags: 0,
            reserved: 0,
            method: Str::of("GET"),
            pattern: Str::of("/api/hello-rust/{name}"),
            lane: Str::empty(),
            rate_class: Str::empty(),
            body_limit: 0,
            deadline_ms: 0,
            cache_fresh_ms: 0,
            cache_revalidate_ms: 0,
            cache_stale_ms: 0,
            cache_tags: Str::empty(),
            summary: Str::of("Greets somebody"),
            schemas: Str::empty(),
            handler: answer,
            user: (*plugin).context,
        };
        Ok(((*routes).add)(hello.host, &route, error))
    })
}

unsafe extern "C" fn stop(_plugin: *mut Plugin) {}

unsafe extern "C" fn destroy(plugin: *mut Plugin) {
    drop(Box::from_raw((*plugin).context as *mut Hello));
}

unsafe extern "C" fn create(host: *const Host, out: *mut *mut Plugin, error: *mut Error) -> Status {
    guard(error, || {
        let hello = Box::into_raw(Box::new(Hello {
            plugin: Plugin {
                size: std::mem::size_of::<Plugin>() as u32,
                reserved: 0,
                context: std::ptr::null_mut(),
                start,
                stop,
                destroy,
            },
            host,
            exchange: std::ptr::null(),
        }));
        (*hello).plugin.context = hello as *mut c_void;
        *out = &mut (*hello).plugin;
        Ok(OK)
    })
}

static ENTRY: Entry = Entry {
    size: std::mem::size_of::<Entry>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    reserved: 0,
    create,
};

#[no_mangle]
pub extern "C" fn portico_plugin_entry_v1() -> *const Entry {
    &ENTRY
}
