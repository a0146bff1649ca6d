<?php
// A WHMCS reduced to what a hook file meets: the constant, add_hook, and hooks called with variables from standard input.
// php whmcs.php FOLDER < calls.json; prints what nobody should see: anything the hook file itself prints.

define('WHMCS', true);
error_reporting(E_ALL);
ini_set('display_errors', '1');

$registered = [];

function add_hook($name, $priority, callable $function)
{
    global $registered;
    $registered[$name][] = $function;
}

foreach (glob($argv[1] . '/[!_]*.php') as $file) {
    include $file;
}

if (($argv[2] ?? '') === 'table') {
    $out = [];
    foreach (portico_hooks_table() as $hook => $row) {
        $out[$hook] = array_values($row);
    }
    echo json_encode(['table' => $out, 'registered' => array_keys($registered)]);
    return;
}

foreach (json_decode(stream_get_contents(STDIN), true) as $call) {
    foreach ($registered[$call['hook']] ?? [] as $function) {
        $function($call['vars']);
    }
}
