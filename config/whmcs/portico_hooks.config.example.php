<?php
// Settings of portico_hooks.php; copy as portico_hooks.config.php beside it, readable by the web server's user alone.

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

return [
    // The portal's address for events.
    'url' => 'https://portal.example.com/api/webhooks/whmcs',
    // "whsec_" and at least 24 random bytes in base64; the portal is given the same.
    'secret' => '',
    // Longest wait for the portal, in milliseconds: the customer's page or the API call waits as long.
    'timeout_ms' => 1500,
];
