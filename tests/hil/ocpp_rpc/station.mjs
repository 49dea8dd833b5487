// A charge point on ocpp-rpc, which judges every message in both directions by its own schemas:
//   node station.mjs ADDRESS ID 1.6|2.0.1 PASSWORD
// It boots, charges with card 04FF as it is told, and writes a line of JSON for all that happens.
import { RPCClient } from 'ocpp-rpc';

const [endpoint, identity, version, password] = process.argv.slice(2);
const old = version === '1.6';
const say = (what, more) => console.log(JSON.stringify({ what, ...more }));
const now = () => new Date().toISOString();
const client = new RPCClient({
  endpoint, identity, password, protocols: ['ocpp' + version], strictMode: true,
  backoff: { initialDelay: 200, maxDelay: 500 }, callTimeoutMs: 5000,
});
client.on('strictValidationFailure', ({ method, error }) => say('broken', { method, error: String(error.message) }));
client.on('badMessage', ({ error }) => say('broken', { error: String(error) }));

const profiles = new Map();
let transaction = null, meterWh = 5000, everyS = 60, timer = null, sequence = 0;

function rules() {
  const live = [...profiles.values()].filter((p) => !p.validTo || Date.parse(p.validTo) > Date.now())
    .filter((p) => p.chargingProfilePurpose !== 'TxProfile' || transaction !== null);
  const top = live.sort((a, b) => b.stackLevel - a.stackLevel)[0];
  if (!top) return 32;
  return [].concat(top.chargingSchedule)[0].chargingSchedulePeriod[0].limit;
}

function sampled() {
  const ampere = rules() >= 6 ? rules() : 0;
  const value = (v, measurand, unit, phase) => ({ value: old ? String(v) : v, measurand, ...(phase ? { phase } : {}),
    ...(old ? { unit } : { unitOfMeasure: { unit } }) });
  return ['L1', 'L2', 'L3'].flatMap((p) => [value(ampere, 'Current.Import', 'A', p), value(230, 'Voltage', 'V', p + '-N')])
    .concat([value(3 * 230 * ampere, 'Power.Active.Import', 'W'), value(meterWh, 'Energy.Active.Import.Register', 'Wh')]);
}

async function values() {
  const meterValue = [{ timestamp: now(), sampledValue: sampled() }];
  if (old) await client.call('MeterValues', { connectorId: 1, transactionId: transaction, meterValue });
  else await client.call('TransactionEvent', { eventType: 'Updated', timestamp: now(), triggerReason: 'MeterValuePeriodic',
    seqNo: ++sequence, transactionInfo: { transactionId: transaction, chargingState: 'Charging' }, meterValue });
}

function told(profile) {
  profiles.set(profile.chargingProfileId ?? profile.id, profile);
  say('told', { limit: [].concat(profile.chargingSchedule)[0].chargingSchedulePeriod[0].limit, level: profile.stackLevel,
    ends: profile.validTo !== undefined });
  return { status: 'Accepted' };
}

function every(seconds) {
  everyS = Number(seconds);
  clearInterval(timer);
  timer = setInterval(() => transaction !== null && values().catch((e) => say('error', { error: String(e) })), 1000 * everyS);
}

client.handle('GetConfiguration', ({ params }) => ({ unknownKey: params.key.filter((k) => k !== 'ChargeProfileMaxStackLevel'),
  configurationKey: [{ key: 'ChargeProfileMaxStackLevel', readonly: true, value: '3' }] }));
client.handle('ChangeConfiguration', ({ params }) => {
  if (params.key === 'MeterValueSampleInterval') every(params.value);
  return { status: params.key === 'WebSocketPingInterval' ? 'NotSupported' : 'Accepted' };
});
client.handle('GetVariables', ({ params }) => ({ getVariableResult: params.getVariableData.map((one) => ({ ...one,
  attributeStatus: 'UnknownVariable' })) }));
client.handle('SetVariables', ({ params }) => ({ setVariableResult: params.setVariableData.map((one) => {
  if (one.variable.name === 'TxUpdatedInterval') every(one.attributeValue);
  return { component: one.component, variable: one.variable, attributeStatus: 'Accepted' };
}) }));
client.handle('SetChargingProfile', ({ params }) => told(params.csChargingProfiles ?? params.chargingProfile));
client.handle('GetCompositeSchedule', ({ params }) => {
  const schedule = { duration: params.duration, chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: rules() }] };
  return old ? { status: 'Accepted', connectorId: 1, scheduleStart: now(), chargingSchedule: schedule }
    : { status: 'Accepted', schedule: { ...schedule, evseId: 1, scheduleStart: now() } };
});
client.handle('TriggerMessage', ({ params }) => {
  if (params.requestedMessage === 'StatusNotification') setImmediate(status);
  return { status: params.requestedMessage === 'StatusNotification' ? 'Accepted' : 'NotImplemented' };
});
client.handle(({ method }) => say('unknown', { method }) ?? {});

function status() {
  const busy = transaction !== null;
  return old
    ? client.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: busy ? 'Charging' : 'Preparing' })
    : client.call('StatusNotification', { timestamp: now(), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 });
}

async function begin() {
  const boot = await client.call('BootNotification', old ? { chargePointVendor: 'Other', chargePointModel: 'Make' }
    : { reason: 'PowerUp', chargingStation: { vendorName: 'Other', model: 'Make' } });
  say('boot', { status: boot.status });
  await status();
  const token = { idToken: '04FF', type: 'ISO14443' };
  if (old) {
    const found = await client.call('Authorize', { idTag: '04FF' });
    const begun = await client.call('StartTransaction', { connectorId: 1, idTag: '04FF', meterStart: meterWh, timestamp: now() });
    transaction = begun.transactionId;
    say('card', { status: found.idTagInfo.status });
  } else {
    const found = await client.call('Authorize', { idToken: token });
    transaction = 'T-1';
    await client.call('TransactionEvent', { eventType: 'Started', timestamp: now(), triggerReason: 'Authorized', seqNo: 0,
      transactionInfo: { transactionId: transaction, chargingState: 'Charging' }, evse: { id: 1, connectorId: 1 }, idToken: token });
    say('card', { status: found.idTokenInfo.status });
  }
  await status();
  await values();
}

client.on('open', () => say('open'));
client.on('connecting', () => say('connecting'));
try {
  await client.connect();
  await begin();
} catch (error) {
  say('error', { error: String(error) });
  process.exit(1);
}
