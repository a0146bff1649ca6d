<?php
// Tells the portal that something changed in WHMCS: posts a signed event with ids only.
//
// Belongs into includes/hooks/ of the WHMCS installation. Settings stand in portico_hooks.config.php beside it; see
// README.md. Events follow Standard Webhooks (headers Webhook-Id, Webhook-Timestamp, Webhook-Signature). They are sent
// at most once and may come in any order: the portal re-reads what an event names, and reconciles what it never heard.

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Which variable of which hook is forwarded, and under which name. What has no row leaves WHMCS never. */
function portico_hooks_table()
{
    $invoice = ['invoiceid' => 'invoice_id'];
    $order = ['orderid' => 'order_id'];
    $module = ['params.serviceid' => 'service_id', 'params.userid' => 'client_id'];
    $service = ['serviceid' => 'service_id', 'userid' => 'client_id'];
    $table = [
        'InvoiceCreated' => $invoice,
        'InvoicePaid' => $invoice,
        'InvoiceCancelled' => $invoice,
        'InvoiceRefunded' => $invoice,
        'InvoiceUnpaid' => $invoice,
        'AddInvoicePayment' => $invoice,
        'UpdateInvoiceTotal' => $invoice,
        'InvoiceChangeGateway' => $invoice,
        // "invocieid" is how WHMCS spells it.
        'AddTransaction' => ['id' => 'transaction_id', 'userid' => 'client_id', 'invocieid' => 'invoice_id'],
        'ClientAdd' => ['client_id' => 'client_id', 'user_id' => 'user_id'],
        'ClientEdit' => ['userid' => 'client_id'],
        'ClientClose' => ['userid' => 'client_id'],
        'AcceptOrder' => $order,
        'CancelOrder' => $order,
        'PendingOrder' => $order,
        'FraudOrder' => $order,
        'DeleteOrder' => $order,
        'OrderPaid' => ['orderId' => 'order_id', 'userId' => 'client_id', 'invoiceId' => 'invoice_id'],
        'AfterShoppingCartCheckout' => ['OrderID' => 'order_id', 'InvoiceID' => 'invoice_id'],
        'ServiceEdit' => $service,
        'ServiceDelete' => $service,
        'CancellationRequest' => ['relid' => 'service_id', 'userid' => 'client_id'],
        'AfterProductUpgrade' => ['upgradeid' => 'upgrade_id'],
        'AfterConfigOptionsUpgrade' => ['upgradeid' => 'upgrade_id'],
        'ProductEdit' => ['pid' => 'product_id'],
        'ProductDelete' => ['pid' => 'product_id'],
        'DailyCronJob' => [],
    ];
    foreach (['Create', 'Suspend', 'Unsuspend', 'Terminate', 'ChangePackage'] as $verb) {
        $table['AfterModule' . $verb] = $module;
        $table['AfterModule' . $verb . 'Failed'] = $module;
    }
    return $table;
}

/** The ids a hook's row allows, as whole numbers above 0; anything else in $vars is not looked at. */
function portico_hooks_ids(array $row, $vars)
{
    $ids = [];
    foreach ($row as $path => $name) {
        $value = $vars;
        foreach (explode('.', $path) as $key) {
            $value = is_array($value) && array_key_exists($key, $value) ? $value[$key] : null;
        }
        if (is_numeric($value) && (int) $value > 0) {
            $ids[$name] = (int) $value;
        }
    }
    return $ids;
}

/** "v1," and base64 of HMAC-SHA256 over "id.timestamp.body", or null without a usable secret ("whsec_" and base64). */
function portico_hooks_signature($id, $timestamp, $body, $secret)
{
    if (strncmp($secret, 'whsec_', 6) !== 0) {
        return null;
    }
    $key = base64_decode(substr($secret, 6), true);
    if ($key === false || strlen($key) < 24) {
        return null;
    }
    return 'v1,' . base64_encode(hash_hmac('sha256', $id . '.' . $timestamp . '.' . $body, $key, true));
}

/** The event of one hook: id, timestamp (Unix seconds) and body. */
function portico_hooks_event($hook, array $ids, $id, $timestamp)
{
    $body = json_encode(
        [
            'id' => $id,
            'event' => $hook,
            'occurred_at' => gmdate('Y-m-d\TH:i:s\Z', $timestamp),
            'ids' => (object) $ids,
        ],
        JSON_UNESCAPED_SLASHES
    );
    return ['id' => $id, 'timestamp' => $timestamp, 'body' => $body];
}

/** Sends it once. The page or API call that caused the hook waits for this, so it gives up soon. */
function portico_hooks_post(array $event, array $settings)
{
    $signature = portico_hooks_signature($event['id'], $event['timestamp'], $event['body'], $settings['secret']);
    if ($signature === null) {
        return;
    }
    $headers = [
        'Content-Type: application/json',
        'Webhook-Id: ' . $event['id'],
        'Webhook-Timestamp: ' . $event['timestamp'],
        'Webhook-Signature: ' . $signature,
        'Expect:',
    ];
    $curl = curl_init($settings['url']);
    curl_setopt_array($curl, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $event['body'],
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true, // nothing may be printed: output breaks WHMCS's API answers
        CURLOPT_FOLLOWLOCATION => false,
        CURLOPT_CONNECTTIMEOUT_MS => $settings['timeout_ms'],
        CURLOPT_TIMEOUT_MS => $settings['timeout_ms'],
        CURLOPT_NOSIGNAL => true,
        CURLOPT_PROTOCOLS => CURLPROTO_HTTPS | ($settings['allow_http'] ? CURLPROTO_HTTP : 0),
    ]);
    curl_exec($curl);
    curl_close($curl);
}

/** Settings with their defaults, or null when the portal is not set up here. */
function portico_hooks_settings()
{
    static $settings = false;
    if ($settings === false) {
        $file = __DIR__ . '/portico_hooks.config.php';
        $given = is_file($file) ? include $file : [];
        $given = is_array($given) ? $given : [];
        $settings = array_merge(['url' => '', 'secret' => '', 'timeout_ms' => 1500, 'allow_http' => false], $given);
        if ($settings['url'] === '' || $settings['secret'] === '') {
            $settings = null;
        }
    }
    return $settings;
}

/** Runs for every hook of the table. Whatever goes wrong here stays here. */
function portico_hooks_run($hook, array $row, $vars)
{
    try {
        $settings = portico_hooks_settings();
        if ($settings === null) {
            return;
        }
        $id = 'evt_' . bin2hex(random_bytes(16));
        portico_hooks_post(portico_hooks_event($hook, portico_hooks_ids($row, $vars), $id, time()), $settings);
    } catch (\Throwable $ignored) {
        // The portal reconciles; WHMCS must go on.
    }
}

foreach (portico_hooks_table() as $hook => $row) {
    // Late (high number): other hooks of the installation come first.
    add_hook($hook, 1000, function ($vars = []) use ($hook, $row) {
        portico_hooks_run($hook, $row, is_array($vars) ? $vars : []);
    });
}
